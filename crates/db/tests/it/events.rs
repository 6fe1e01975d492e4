//! Who is told of a document is who may see it.

use std::collections::BTreeSet;

use colophon_domain::{DocumentId, UserId};
use colophon_testkit::{TestDatabase, store_document};

/// Every way in which a share can be: role, with a person or by a link, until when, revoked or not; and the trash.
const SHARES: &str = "
  with made as (
    insert into public.document_shares (document_id, role, user_id, expires_at, revoked_at)
    select $1::uuid, role, case when by = 'person' then gen_random_uuid() end, now() + lasts, case when revoked then now() end
    from unnest('{viewer,editor}'::text[]) role, unnest('{person,link}'::text[]) by,
         unnest('{null,1 hour,-1 hour}'::interval[]) lasts, unnest('{t,f}'::bool[]) revoked
    returning id, user_id, document_id)
  insert into public.document_share_uses (document_id, share_id, user_id)
  select document_id, id, gen_random_uuid() from made, generate_series(1, 2) where user_id is null";

#[tokio::test]
async fn whoever_is_told_of_a_document_is_whoever_the_policies_let_see_it() {
    let db = TestDatabase::migrated().await;
    let database = db.database().await;
    let platform = db.client("postgres").await;
    let (mut documents, mut people) = (Vec::new(), BTreeSet::from([UserId::new()]));
    for _ in 0..3 {
        let owner = UserId::new();
        people.insert(owner);
        let document = store_document(&database, owner).await.id;
        platform.execute(SHARES, &[&document.0]).await.expect("shares");
        documents.push(document);
    }
    platform
        .execute("update public.documents set deleted_at = now() where id = $1", &[&documents[1].0])
        .await
        .expect("one is in the trash");
    let everybody = "select user_id from public.document_shares where user_id is not null
      union select user_id from public.document_share_uses";
    for row in platform.query(everybody, &[]).await.expect("people") {
        people.insert(UserId::from(row.get::<_, uuid::Uuid>(0)));
    }
    let tx = crate::system(&database).await;
    let told = tx.events().people(&documents).await.expect("people");
    tx.commit().await.expect("it ends");
    let mut seen = 0;
    for person in &people {
        let rows = db.client_of(*person).await.query("select id from public.documents", &[]).await;
        let rows = rows.expect("documents");
        let sees: BTreeSet<DocumentId> =
            rows.iter().map(|row| DocumentId::from(row.get::<_, uuid::Uuid>(0))).collect();
        let is_told: BTreeSet<DocumentId> = told
            .iter()
            .filter(|(_, people)| people.contains(&person.to_string()))
            .map(|(document, _)| *document)
            .collect();
        assert_eq!(is_told, sees, "{person}");
        seen += sees.len();
    }
    assert!(seen > 15 && seen < people.len() * 3, "some see it, and some do not: {seen}");
}
