//! Links: made once, counted one by one, over at once. Who may do what by a share is in the matrix (`policies`) and in
//! the model (`model`).

use colophon_domain::{DocumentId, UserId};
use colophon_testkit::{TestDatabase, store_document};
use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

async fn a_document_of(db: &TestDatabase, owner: UserId) -> DocumentId {
    store_document(&db.database().await, owner).await.id
}

async fn link(owner: &Client, document: DocumentId, max_uses: Option<i32>) -> String {
    let sql = "select public.create_share_link($1, 'viewer', null, $2)";
    owner.query_one(sql, &[&document.0, &max_uses]).await.expect("a link").get(0)
}

/// The document, or the SQLSTATE of the refusal.
async fn open(person: &Client, token: &str) -> Result<DocumentId, String> {
    let opened = person.query_one("select public.open_share_link($1)", &[&token]).await;
    opened
        .map(|row| DocumentId::from(row.get::<_, uuid::Uuid>(0)))
        .map_err(|error| error.code().map_or_else(|| error.to_string(), |code| code.code().to_owned()))
}

async fn sees(person: &Client, document: DocumentId) -> bool {
    let sql = "select from public.documents where id = $1";
    person.query_opt(sql, &[&document.0]).await.expect("an answer").is_some()
}

#[tokio::test]
async fn a_link_lets_in_as_many_as_it_says_even_at_once() {
    let db = TestDatabase::migrated().await;
    let owner = UserId::new();
    let document = a_document_of(&db, owner).await;
    let owner = db.client_of(owner).await;
    let token = link(&owner, document, Some(3)).await;
    let mut people = Vec::new();
    for _ in 0..8 {
        people.push(db.client_of(UserId::new()).await);
    }
    let opened = futures_util::future::join_all(people.iter().map(|person| open(person, &token))).await;
    assert_eq!(opened.iter().filter(|opened| opened.is_ok()).count(), 3, "{opened:?}");
    assert!(opened.iter().all(|opened| opened.is_ok() || *opened == Err("PT404".into())));
    for (person, opened) in people.iter().zip(&opened) {
        assert_eq!(sees(person, document).await, opened.is_ok());
        // Who holds it opens it again, and is not counted twice.
        assert_eq!(open(person, &token).await.is_ok(), opened.is_ok());
    }
    // Its owner needs none.
    assert_eq!(open(&owner, &token).await, Ok(document));
    let uses =
        owner.query_one("select count(*) from public.document_share_uses", &[]).await.expect("a count");
    assert_eq!(uses.get::<_, i64>(0), 3);
}

#[tokio::test]
async fn a_revoked_link_ends_at_once_and_for_good() {
    let db = TestDatabase::migrated().await;
    let owner = UserId::new();
    let document = a_document_of(&db, owner).await;
    let owner = db.client_of(owner).await;
    let person = db.client_of(UserId::new()).await;
    let token = link(&owner, document, None).await;
    assert_eq!(open(&person, &token).await, Ok(document));
    owner.batch_execute("update public.document_shares set revoked_at = now()").await.expect("revoked");
    assert!(!sees(&person, document).await);
    assert_eq!(open(&person, &token).await, Err("PT404".into()));
    let back = owner.execute("update public.document_shares set revoked_at = null", &[]).await;
    assert_eq!(back.expect("an answer"), 0, "what is revoked stays so");
}

#[tokio::test]
async fn nobody_without_a_name_opens_a_link_and_no_wrong_token_opens_one() {
    let db = TestDatabase::migrated().await;
    let owner = UserId::new();
    let document = a_document_of(&db, owner).await;
    let token = link(&db.client_of(owner).await, document, None).await;
    let nobody = db.client("authenticated").await;
    assert_eq!(open(&nobody, &token).await, Err(SqlState::INSUFFICIENT_PRIVILEGE.code().into()));
    let anonymous = db.client("anon").await;
    assert_eq!(open(&anonymous, &token).await, Err(SqlState::INSUFFICIENT_PRIVILEGE.code().into()));
    let person = db.client_of(UserId::new()).await;
    for wrong in ["", "x", &token[1..], &token.to_uppercase()] {
        if wrong != token {
            assert_eq!(open(&person, wrong).await, Err("PT404".into()), "{wrong}");
        }
    }
}

#[tokio::test]
async fn a_token_is_nowhere_in_the_database() {
    let db = TestDatabase::migrated().await;
    let owner = UserId::new();
    let document = a_document_of(&db, owner).await;
    let token = link(&db.client_of(owner).await, document, None).await;
    let postgres = db.client("postgres").await;
    for table in ["public.document_shares", "colophon.document_share_tokens"] {
        let rows = postgres.query(&format!("select t::text from {table} t"), &[]).await.expect("rows");
        assert_eq!(rows.len(), 1);
        assert!(!rows[0].get::<_, String>(0).contains(&token));
    }
}

#[tokio::test]
async fn only_the_owner_makes_links_and_shares() {
    let db = TestDatabase::migrated().await;
    let owner = UserId::new();
    let document = a_document_of(&db, owner).await;
    let editor = UserId::new();
    let share = "insert into public.document_shares (document_id, role, user_id) values ($1, 'editor', $2)";
    db.client_of(owner).await.execute(share, &[&document.0, &editor.0]).await.expect("the owner shares");
    let editor = db.client_of(editor).await;
    assert!(sees(&editor, document).await);
    let refused = editor.execute(share, &[&document.0, &UserId::new().0]).await;
    assert_eq!(refused.expect_err("refused").code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
    let sql = "select public.create_share_link($1)";
    let refused = editor.query_one(sql, &[&document.0]).await;
    assert_eq!(refused.expect_err("refused").code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE));
}

#[tokio::test]
async fn nobody_writes_in_anothers_name() {
    let db = TestDatabase::migrated().await;
    let client = db.client("postgres").await;
    client.batch_execute(colophon_testkit::A_ROW_IN_EVERY_TABLE).await.expect("rows");
    let editor = "00000000-0000-7000-8000-00000000000c".parse().expect("an identifier");
    let editor = db.client_of(editor).await;
    let (document, zone) = ("00000000-0000-7000-8000-000000000001", "00000000-0000-7000-8000-000000000002");
    let owner = "00000000-0000-7000-8000-00000000000a";
    for forged in [
        format!(
            "insert into public.user_corrections (document_id, zone_id, corrected_content, corrected_by)
            values ('{document}', '{zone}', 'c', '{owner}')"
        ),
        format!(
            "insert into public.processing_jobs (document_id, created_by) values ('{document}', '{owner}')"
        ),
        format!(
            "insert into public.export_records (document_id, export_type, formats, created_by)
            values ('{document}', 'full', '{{json}}', '{owner}')"
        ),
        format!(
            "insert into public.export_records (document_id, export_type, formats, created_by)
            values ('{document}', 'full', '{{json}}', null)"
        ),
    ] {
        let refused = editor.batch_execute(&forged).await.expect_err(&forged);
        assert_eq!(refused.code(), Some(&SqlState::INSUFFICIENT_PRIVILEGE), "{forged}: {refused:?}");
    }
    let mine = format!(
        "insert into public.user_corrections (document_id, zone_id, corrected_content)
        values ('{document}', '{zone}', 'c') returning corrected_by"
    );
    let row = editor.query_one(&mine, &[]).await.expect("a correction");
    assert_eq!(row.get::<_, String>(0), "00000000-0000-7000-8000-00000000000c");
}
