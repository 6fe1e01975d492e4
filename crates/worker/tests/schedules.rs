//! Schedules against a real PostgreSQL: each time makes one job, whoever looks and however many, and no longer than somebody
//! may have it made.

#![allow(clippy::expect_used, reason = "in a test a panic is the report")]

use colophon_db::{Database, ErrorKind, Scope, SystemScope};
use colophon_domain::{
    Cron, DocumentId, Job, JobFilter, JobRequest, JobSchedule, NewSchedule, NewShare, ScheduleId, ShareId,
    ShareRole, UserId,
};
use colophon_testkit::{TestDatabase, as_user, store_document};
use colophon_worker::run_due_schedules;
use futures_util::future::join_all;

struct Ground {
    database: Database,
    owner: UserId,
    // Dropped last: with it goes the database.
    db: TestDatabase,
}

impl Ground {
    async fn new() -> Self {
        let db = TestDatabase::migrated().await;
        Self { database: db.database().await, owner: UserId::new(), db }
    }

    /// A document that can be read.
    async fn document(&self) -> DocumentId {
        let document = store_document(&self.database, self.owner).await.id;
        self.sql("update documents set status = 'processed' where status = 'uploaded'").await;
        document
    }

    async fn sql(&self, sql: &str) {
        self.db
            .client("postgres")
            .await
            .batch_execute(sql)
            .await
            .unwrap_or_else(|error| panic!("{sql}: {error:?}"));
    }

    /// A schedule that this scope makes.
    async fn schedule<S: Scope>(&self, scope: &S, document: DocumentId, cron: &str) -> ScheduleId {
        let id = ScheduleId::new();
        let created_by = scope.person().map(|person| person.to_string());
        let job = JobRequest { created_by, ..JobRequest::new("somebody-elses") };
        let cron = Cron::new(cron, "Europe/Berlin").expect("an expression");
        let new = NewSchedule { name: None, cron, job, enabled: true };
        let tx = self.database.session(scope).begin().await.expect("a transaction");
        tx.job_schedules().insert(document, id, &new).await.expect("a schedule");
        tx.commit().await.expect("it commits");
        id
    }

    /// Every schedule's time came, this long ago.
    async fn come(&self, ago: &str) {
        self.sql(&format!("update job_schedules set next_run_at = now() - interval '{ago}' where enabled"))
            .await;
    }

    async fn look(&self) -> usize {
        run_due_schedules(&self.database).await.expect("they are looked at")
    }

    async fn of(&self, document: DocumentId, id: ScheduleId) -> JobSchedule {
        let tx = self.database.session(&SystemScope::new()).begin().await.expect("a transaction");
        tx.job_schedules().require(document, id).await.expect("a schedule")
    }

    async fn jobs(&self) -> Vec<Job> {
        let tx = self.database.session(&SystemScope::new()).begin().await.expect("a transaction");
        let filter = JobFilter { status: None, document_id: None };
        tx.jobs().list(&filter, None, 1_000).await.expect("jobs").items
    }

    async fn is_to_come(&self, document: DocumentId, id: ScheduleId) {
        let sql = "select next_run_at > now() from job_schedules where document_id = $1 and id = $2";
        let row =
            self.db.client("postgres").await.query_one(sql, &[&document.0, &id.0]).await.expect("a row");
        assert!(row.get::<_, bool>(0), "{id} runs next in time to come");
    }
}

#[tokio::test]
async fn a_time_makes_one_job_however_many_look_at_once() {
    let ground = Ground::new().await;
    let person = as_user(ground.owner);
    let mut schedules = Vec::new();
    for _ in 0..40 {
        let document = ground.document().await;
        schedules.push((document, ground.schedule(&person, document, "*/5 * * * *").await));
    }
    for round in 1..=5 {
        ground.come("1 second").await;
        let nodes = (0..8).map(|_| run_due_schedules(&ground.database));
        let looked: usize = join_all(nodes).await.into_iter().map(|looked| looked.expect("a look")).sum();
        // Two may find the same; the second leaves it.
        while ground.look().await > 0 {}
        let jobs = ground.jobs().await;
        assert!(looked <= 40, "{looked} turns");
        assert_eq!(jobs.len(), 40 * round, "round {round}");
        for (document, id) in &schedules {
            ground.is_to_come(*document, *id).await;
            let schedule = ground.of(*document, *id).await;
            let last = jobs.iter().find(|job| Some(job.id) == schedule.last_job_id).expect("its last job");
            assert_eq!(last.job_key, Some(schedule.job_key()));
            assert_eq!(last.created_by, Some(ground.owner.to_string()));
            assert_eq!((last.document_id, schedule.last_skip_reason), (*document, None));
        }
        ground.sql("update processing_jobs set status = 'cancelled', completed_at = now() where completed_at is null").await;
        ground.sql("delete from job_queue").await;
    }
}

#[tokio::test]
async fn times_that_went_by_while_nobody_looked_are_one() {
    let ground = Ground::new().await;
    let document = ground.document().await;
    let id = ground.schedule(&SystemScope::new(), document, "* * * * *").await;
    ground.come("3 days").await;
    assert_eq!(ground.look().await, 1);
    assert_eq!(ground.jobs().await.len(), 1);
    ground.is_to_come(document, id).await;
    assert_eq!((ground.look().await, ground.jobs().await.len()), (0, 1), "and it is not due any more");
    // The first time of a new one is not lost either.
    let late = ground.schedule(&SystemScope::new(), document, "* * * * *").await;
    ground
        .sql(&format!("update job_schedules set updated_at = now() - interval '1 hour' where id = '{late}'"))
        .await;
    assert_eq!((ground.look().await, ground.jobs().await.len()), (1, 2));
}

#[tokio::test]
async fn a_time_is_skipped_and_told_while_the_job_before_lives() {
    let ground = Ground::new().await;
    let document = ground.document().await;
    let id = ground.schedule(&as_user(ground.owner), document, "@hourly").await;
    assert_eq!((ground.look().await, ground.jobs().await.len()), (1, 0), "it is told its first time");
    ground.is_to_come(document, id).await;
    ground.come("1 second").await;
    ground.look().await;
    let first = ground.of(document, id).await.last_job_id.expect("a job");
    ground.come("1 second").await;
    ground.look().await;
    let schedule = ground.of(document, id).await;
    let reason = schedule.last_skip_reason.expect("a reason");
    assert!(
        reason.contains(&first.to_string()) && schedule.last_skipped_at > schedule.last_run_at,
        "{reason}"
    );
    assert_eq!((schedule.last_job_id, ground.jobs().await.len()), (Some(first), 1));
    ground.is_to_come(document, id).await;
    let tx = ground.database.session(&SystemScope::new()).begin().await.expect("a transaction");
    tx.jobs().cancel(first).await.expect("it is called off");
    tx.commit().await.expect("it commits");
    ground.come("1 second").await;
    ground.look().await;
    let next = ground.of(document, id).await;
    assert!(next.last_job_id != Some(first) && next.last_run_at > next.last_skipped_at, "{next:?}");
    assert_eq!(ground.jobs().await.len(), 2);
}

#[tokio::test]
async fn nobody_has_jobs_made_longer_than_they_may_edit_the_document() {
    let ground = Ground::new().await;
    let document = ground.document().await;
    let (editor, late, viewer) = (UserId::new(), UserId::new(), UserId::new());
    let system = SystemScope::new();
    let mut shares = Vec::new();
    for (user_id, role) in
        [(editor, ShareRole::Editor), (late, ShareRole::Editor), (viewer, ShareRole::Viewer)]
    {
        let share =
            NewShare { id: ShareId::new(), role, user_id: Some(user_id), expires_at: None, max_uses: None };
        let tx = ground.database.session(&system).begin().await.expect("a transaction");
        tx.shares().insert(document, &share, Some(&ground.owner.to_string())).await.expect("a share");
        tx.commit().await.expect("it commits");
        shares.push(share.id);
    }
    let link = NewShare {
        id: ShareId::new(),
        role: ShareRole::Editor,
        user_id: None,
        expires_at: None,
        max_uses: None,
    };
    let tx = ground.database.session(&as_user(ground.owner)).begin().await.expect("a transaction");
    let made = tx.shares().insert(document, &link, Some(&ground.owner.to_string())).await;
    let token = made.expect("a link").1.expect("its token");
    tx.commit().await.expect("it commits");
    let guest = UserId::new();
    let tx = ground.database.session(&as_user(guest)).begin().await.expect("a transaction");
    tx.shares().open(token.expose()).await.expect("it opens");
    tx.commit().await.expect("it commits");
    let by_editor = ground.schedule(&as_user(editor), document, "@daily").await;
    let by_late = ground.schedule(&as_user(late), document, "@daily").await;
    let by_guest = ground.schedule(&as_user(guest), document, "@daily").await;
    let by_owner = ground.schedule(&as_user(ground.owner), document, "@daily").await;
    let tx = ground.database.session(&as_user(viewer)).begin().await.expect("a transaction");
    assert_eq!(tx.job_schedules().list(document).await.expect("a list").len(), 4, "a viewer sees them");
    let cron = Cron::new("@daily", "UTC").expect("an expression");
    let job = JobRequest { created_by: Some(viewer.to_string()), ..JobRequest::new("somebody-elses") };
    let new = NewSchedule { name: None, cron, job, enabled: true };
    let refused = tx.job_schedules().insert(document, ScheduleId::new(), &new).await.expect_err("no editor");
    assert_eq!(*refused.kind(), ErrorKind::Forbidden);
    drop(tx);

    ground.come("1 second").await;
    ground.look().await;
    assert_eq!(ground.jobs().await.len(), 4, "all of them may");
    ground.sql("delete from job_queue").await;
    ground.sql(&format!("update document_shares set revoked_at = now() where id = '{}'", shares[0])).await;
    let over = format!(
        "update document_shares set expires_at = now() - interval '1 second' where id = '{}'",
        shares[1]
    );
    ground.sql(&over).await;
    ground.sql(&format!("update document_shares set revoked_at = now() where id = '{}'", link.id)).await;
    ground.come("1 second").await;
    ground.look().await;
    assert_eq!(ground.jobs().await.len(), 5, "the owner's alone");
    for id in [by_editor, by_late, by_guest] {
        let ended = ground.of(document, id).await;
        assert!(!ended.enabled && ended.next_run_at.is_none(), "{ended:?}");
        assert!(ended.disabled_reason.is_some_and(|reason| reason.contains("may not edit")));
    }
    assert!(ground.of(document, by_owner).await.enabled);

    // The owner takes one over: from now on it runs in their name.
    let client = ground.db.client_of(ground.owner).await;
    let enable = "update job_schedules set enabled = true where id = $1";
    assert_eq!(client.execute(enable, &[&by_editor.0]).await.expect("a change"), 1);
    let own = ground.of(document, by_editor).await;
    assert_eq!((own.enabled, own.created_by), (true, Some(ground.owner.to_string())));
    ground.sql("delete from job_queue").await;
    ground.come("1 second").await;
    ground.look().await;
    let jobs = ground.jobs().await;
    assert_eq!(jobs.len(), 7);
    let of_owner = Some(ground.owner.to_string());
    assert!(jobs[..2].iter().all(|job| job.created_by == of_owner), "newest first");
}

#[tokio::test]
async fn a_document_in_the_trash_is_left_alone_until_its_schedule_is_enabled_again() {
    let ground = Ground::new().await;
    let document = ground.document().await;
    let id = ground.schedule(&SystemScope::new(), document, "@daily").await;
    ground.come("1 second").await;
    ground.sql("update documents set deleted_at = now()").await;
    ground.look().await;
    let schedule = ground.of(document, id).await;
    assert!(schedule.disabled_reason.is_some_and(|reason| reason.contains("in the trash")));
    ground.sql("update documents set deleted_at = null").await;
    assert_eq!(ground.look().await, 0);
    ground.sql("update job_schedules set enabled = true").await;
    let schedule = ground.of(document, id).await;
    assert!(schedule.enabled && schedule.disabled_reason.is_none() && schedule.next_run_at.is_none());
    assert_eq!((ground.look().await, ground.jobs().await.len()), (1, 0));
    ground.is_to_come(document, id).await;
    // A document that cannot be read now may have another version tomorrow.
    ground.come("1 second").await;
    ground.sql("update documents set status = 'damaged', page_count = null").await;
    ground.look().await;
    let schedule = ground.of(document, id).await;
    assert!(
        schedule.enabled && schedule.last_skip_reason.is_some_and(|reason| reason.contains("is damaged"))
    );
    ground.is_to_come(document, id).await;
}

#[tokio::test]
async fn a_schedule_that_was_written_past_the_api_is_told_its_time_or_why_it_has_none() {
    let ground = Ground::new().await;
    let document = ground.document().await;
    let client = ground.db.client_of(ground.owner).await;
    for (cron, zone) in [("0 2 * * *", "Europe/Berlin"), ("whenever", "UTC"), ("@daily", "Mars")] {
        let sql = "insert into job_schedules (document_id, cron, time_zone, strategy) values ($1, $2, $3, 'text-layer')";
        client.execute(sql, &[&document.0, &cron, &zone]).await.expect("a row");
    }
    ground.look().await;
    let tx = ground.database.session(&as_user(ground.owner)).begin().await.expect("a transaction");
    let found = tx.job_schedules().list(document).await.expect("a list");
    drop(tx);
    let told: Vec<_> =
        found.iter().map(|s| (s.next_run_at.is_some(), s.disabled_reason.as_deref())).collect();
    assert_eq!(told[0], (true, None));
    assert!(!told[1].0 && told[1].1.is_some_and(|reason| reason.contains("no cron expression")), "{told:?}");
    assert!(!told[2].0 && told[2].1.is_some_and(|reason| reason.contains("IANA")), "{told:?}");
    // Another expression is another time, and says so at once.
    let before = found[0].next_run_at;
    client
        .execute("update job_schedules set cron = '30 3 * * *' where cron = '0 2 * * *'", &[])
        .await
        .expect("a change");
    assert_eq!(ground.of(document, found[0].id).await.next_run_at, None);
    ground.look().await;
    let after = ground.of(document, found[0].id).await.next_run_at;
    assert!(after.is_some() && after != before, "{before:?} {after:?}");
}

#[tokio::test]
async fn a_schedule_that_cannot_be_worked_on_holds_up_no_other() {
    let ground = Ground::new().await;
    let (good, bad) = (ground.document().await, ground.document().await);
    let fine = ground.schedule(&SystemScope::new(), good, "@daily").await;
    let broken = ground.schedule(&SystemScope::new(), bad, "@daily").await;
    ground
        .sql(&format!(
            "create function public.refuse() returns trigger language plpgsql as
               $$ begin if new.document_id = '{bad}' then raise 'no'; end if; return new; end $$;
             create trigger refuse before insert on processing_jobs for each row execute function public.refuse()"
        ))
        .await;
    ground.come("1 second").await;
    ground.look().await;
    assert_eq!(ground.jobs().await.len(), 1);
    assert!(ground.of(good, fine).await.last_job_id.is_some());
    let left = ground.of(bad, broken).await;
    assert!(left.enabled && left.last_skip_reason.is_some_and(|reason| reason.contains("its log")));
    assert_eq!(ground.look().await, 0, "for a minute");
}

#[tokio::test]
async fn a_document_has_twenty_schedules_at_most_however_many_are_made_at_once() {
    let ground = Ground::new().await;
    let document = ground.document().await;
    let made = join_all((0..25).map(|_| async {
        let cron = Cron::new("@daily", "UTC").expect("an expression");
        let new = NewSchedule { name: None, cron, job: JobRequest::new("somebody-elses"), enabled: true };
        let tx = ground.database.session(&SystemScope::new()).begin().await.expect("a transaction");
        tx.job_schedules().insert(document, ScheduleId::new(), &new).await?;
        tx.commit().await
    }))
    .await;
    let refused: Vec<_> = made.into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.len(), 5);
    for error in refused {
        assert_eq!(*error.kind(), ErrorKind::Invalid("job_schedules_count_check".to_owned()), "{error}");
    }
}
