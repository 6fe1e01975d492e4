//! No bad token reaches a row.

use std::sync::Arc;

use axum::http::StatusCode;
use colophon_blobs::Store;
use colophon_db::{Config, Database, Pooler};
use colophon_domain::UserId;
use colophon_http::auth::{Refusal, Verifier};
use colophon_http::{App, Metrics, Problem, router};
use colophon_service::uploads::{DEFAULT_UPLOAD_EXPIRY, Turns};
use colophon_service::workers::Workers;
use colophon_service::{DEFAULT_UPLOAD_LIMIT, MetadataSchemas, Platform};
use colophon_testkit::{TestDatabase, store_document};
use serde_json::Value;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use ureq::http::Response;
use uuid::Uuid;

use crate::refused::bad_tokens;
use crate::signers::{SECRET, Signer, claims, project};

const NAME: &str = "only let in";

/// Use cases on a database and a folder.
pub fn platform(database: Database, objects: &std::path::Path) -> Platform {
    Platform {
        signer: colophon_service::signed_urls::Signer::new(database.clone()),
        database,
        store: Store::folder(objects).unwrap(),
        pdf: colophon_pdf::Child { program: "/nowhere".into(), args: Vec::new() },
        pdf_limits: colophon_pdf::Limits::default(),
        tesseract: colophon_ocr::Tesseract::at("/nowhere"),
        inspections: Arc::new(Semaphore::new(1)),
        metadata_schemas: MetadataSchemas::default(),
        cleanups: TaskTracker::new(),
        upload_limit: DEFAULT_UPLOAD_LIMIT,
        upload_expiry: DEFAULT_UPLOAD_EXPIRY,
        turns: Turns::default(),
    }
}

/// The API on a database; gives its address.
async fn serve(database: Database, verifier: Verifier, objects: &std::path::Path) -> String {
    let workers = Arc::new(Workers::new(database.clone()));
    let platform = platform(database, objects);
    let app = App {
        metrics: Arc::new(Metrics::new(None, ([127, 0, 0, 1], 0).into())),
        events: colophon_service::events::Events::new(&platform.database),
        platform: Arc::new(platform),
        workers,
        verifier: Arc::new(verifier),
        public_url: None,
        broken_off: CancellationToken::new(),
        stopping: CancellationToken::new(),
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router(app)).await });
    url
}

async fn get(url: String, authorization: Option<String>) -> (Response<()>, String) {
    let ask = move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).build();
        let mut request = ureq::Agent::from(config).get(url);
        if let Some(authorization) = authorization {
            request = request.header("authorization", authorization);
        }
        let (head, mut body) = request.call().unwrap().into_parts();
        (Response::from_parts(head, ()), body.read_to_string().unwrap())
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

#[tokio::test]
async fn no_bad_token_reaches_a_row_nor_even_the_database() {
    let test = TestDatabase::migrated().await;
    let owner = UserId::new();
    let document = store_document(&test.database().await, owner).await.id.to_string();
    // Directly, so that its sessions are counted by their name.
    let config = Config {
        url: test.url("authenticator").parse().unwrap(),
        direct_url: None,
        pooler: Pooler::None,
        pool_size: 2,
        application_name: NAME.into(),
    };
    let signer = Signer::es256("k");
    let folder = tempfile::tempdir().unwrap();
    let url = serve(Database::new(config).unwrap(), project(&[&signer]).await, folder.path()).await;
    let places =
        ["/v1/documents".to_owned(), format!("/v1/documents/{document}")].map(|path| url.clone() + &path);
    let sessions = async || {
        let sql = format!("select count(*)::int from pg_stat_activity where application_name = '{NAME}'");
        test.client("supabase_admin").await.query_one(&sql, &[]).await.unwrap().get::<_, i32>(0)
    };

    let bad = bad_tokens(&signer, owner.0).into_iter().chain(bad_tokens(&Signer::hs256(SECRET), owner.0));
    for (what, token, code) in bad {
        for place in &places {
            let (head, body) = get(place.clone(), Some(format!("Bearer {token}"))).await;
            assert_eq!(head.status(), StatusCode::UNAUTHORIZED, "{what}: {body}");
            assert_eq!(head.headers()["www-authenticate"], r#"Bearer error="invalid_token""#, "{what}");
            let problem: Value = serde_json::from_str(&body).unwrap();
            assert_eq!(problem["code"], code, "{what}");
            assert!(!body.contains(&document) && !body.contains(&owner.to_string()), "{what}: {body}");
            assert!(token.len() < 20 || !body.contains(&token[..20]), "{what}: the token is echoed: {body}");
        }
    }
    let (head, _) = get(places[0].clone(), None).await;
    assert_eq!(
        (head.status(), &head.headers()["www-authenticate"]),
        (StatusCode::UNAUTHORIZED, &"Bearer".parse().unwrap())
    );
    assert_eq!(sessions().await, 0, "no bad token has had a connection made");

    for signer in [&signer, &Signer::hs256(SECRET)] {
        for place in &places {
            let (head, body) =
                get(place.clone(), Some(format!("Bearer {}", signer.sign(&claims(owner.0))))).await;
            assert_eq!(head.status(), StatusCode::OK, "{body}");
            assert!(body.contains(&document));
            assert!(sessions().await > 0);
            let stranger = format!("Bearer {}", signer.sign(&claims(Uuid::new_v4())));
            assert!(!get(place.clone(), Some(stranger)).await.1.contains("\"filename\""));
        }
    }
}

#[test]
fn a_refusal_is_401_but_for_keys_that_cannot_be_had() {
    use axum::response::IntoResponse as _;
    for refusal in Refusal::ALL {
        let answer = Problem::from(refusal).into_response();
        let unavailable = refusal == Refusal::KeysUnavailable;
        assert_eq!(answer.status() == StatusCode::SERVICE_UNAVAILABLE, unavailable);
        assert_eq!(answer.headers().contains_key("www-authenticate"), !unavailable);
        assert_eq!(answer.headers().contains_key("retry-after"), unavailable);
    }
}
