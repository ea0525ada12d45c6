//! Notices over real SMTP, with time moved by hand: to whom, when, how often, and what they hold.

use crate::people::{coordinator, grant, prefer, queue, queue_received, reachable, read, reply, safe, somebody, submit};
use crate::smtp::{Behaviour, MailServer};
use crate::stores::{SOON, Store, Tested, at, clock, count, portal_on, run};
use app::domain::contact::{Channel, Days, Grant, Safety, Window};
use app::domain::ids::PersonId;
use app::domain::notice::Notice;
use chrono::{DateTime, Duration, Utc};
use server::clock::{Clock as _, TestClock};
use server::db::{DbError, sql};
use server::outbox::deliver_due;
use server::portal::Portal;
use std::collections::BTreeSet;
use std::sync::Arc;
use tokio::time::timeout;
use uuid::Uuid;

on_both!(
    a_notice_is_sent_once_and_says_nothing,
    two_workers_at_once_send_each_notice_once,
    a_lease_that_ran_out_lets_another_worker_send,
    later_is_tried_again_by_the_schedule_and_sent_after_recovery,
    six_hours_without_mail_lose_nothing_and_double_nothing,
    seventy_two_hours_without_mail_end_in_a_task,
    an_address_refused_for_good_becomes_a_task,
    a_connection_lost_after_the_message_may_send_it_again_under_the_same_id,
    what_is_not_safe_when_sending_is_not_sent,
    a_notice_waits_for_the_hours_chosen,
    waiting_for_the_hours_is_not_failing,
    only_the_address_of_the_moment_is_written_to,
    codes_go_out_at_once_and_never_late,
    decoys_send_nothing,
    other_channels_become_one_task,
    what_was_read_already_is_not_announced,
    one_waiting_notice_stands_for_every_reply,
    a_row_that_cannot_be_read_holds_nobody_up,
);

struct Hub {
    mail: MailServer,
    clock: Arc<TestClock>,
    portal: Portal,
    store: Store,
}

impl Hub {
    async fn start(store: Store) -> Result<Self, crate::stores::Failed> {
        let (mail, clock) = (MailServer::start(), clock());
        let portal = store.portal(&clock, Some(mail.url())).await?;
        Ok(Self { mail, clock, portal, store })
    }

    async fn deliver(&self) -> Result<usize, DbError> {
        deliver_due(&self.portal).await
    }

    async fn after(&self, wait: Duration) -> Result<usize, DbError> {
        self.clock.advance(wait);
        self.deliver().await
    }

    fn sent(&self) -> usize {
        self.mail.received().len()
    }

    async fn row(&self, id: Uuid) -> Result<Row, DbError> {
        let mut reader = self.portal.db.read().await?;
        sql("select state, reason, attempts, due_at from outbox where outbox_id = $1").bind(id).fetch_one(&mut reader).await
    }

    async fn state(&self, id: Uuid) -> Result<String, DbError> {
        Ok(self.row(id).await?.state)
    }

    async fn open_tasks(&self) -> Result<i64, DbError> {
        count(&self.portal.db, "select count(*) from tasks where done_at is null").await
    }
}

#[derive(sqlx::FromRow)]
struct Row {
    state: String,
    reason: Option<String>,
    attempts: i64,
    due_at: DateTime<Utc>,
}

async fn a_notice_is_sent_once_and_says_nothing(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let staff = coordinator(&hub.store.db, 1).await?;
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let request = submit(&hub.portal, Some(person)).await?;
    let answered = reply(&hub.portal, staff, person, &request).await?;
    let challenge = hub.portal.new_id();
    let code = queue(&hub.portal, Notice::SignInCode, Some(person), challenge).await?;
    assert_eq!(hub.deliver().await?, 3);
    assert_eq!(hub.deliver().await?, 0);
    assert_eq!(hub.after(Duration::days(4)).await?, 0);
    let received = hub.mail.wait_for(3, SOON);
    assert_eq!(received.len(), 3);
    let subjects: BTreeSet<&str> = Notice::ALL.map(Notice::subject).into_iter().collect();
    assert_eq!(subjects, BTreeSet::from(["You have a message", "Your code", "Your link"]));
    let digits = hub.portal.keys.code(challenge);
    let mut ids = BTreeSet::new();
    for mail in &received {
        assert_eq!((mail.from.as_str(), mail.to.as_slice()), ("updates@example.test", ["amira@example.test".to_owned()].as_slice()));
        let header = |name: &str| mail.header(name).unwrap_or_default();
        assert_eq!(header("To"), "amira@example.test");
        assert_eq!(header("From"), "Updates <updates@example.test>");
        assert_eq!(header("Auto-Submitted"), "auto-generated");
        for absent in ["Cc", "Bcc", "Reply-To", "Sender", "X-Mailer", "User-Agent"] {
            assert_eq!(mail.header(absent), None);
        }
        assert!(subjects.contains(header("Subject").as_str()), "{}", header("Subject"));
        ids.insert(header("Message-ID"));
        let body = mail.body();
        let links: Vec<&str> = body.split_whitespace().filter(|word| word.contains("://")).collect();
        if header("Subject") == "Your code" {
            assert!(body.contains(&digits) && links.is_empty(), "{body}");
        } else {
            assert_eq!(links, ["http://127.0.0.1:3000/"], "the front page and nothing else");
        }
        let all = mail.data.to_lowercase();
        let reference = request.reference.as_str().to_lowercase();
        for word in
            ["burglary", "elm row", "case", "crime", "police", "victim", "witness", "court", "hub", "somebody", "support", &reference]
        {
            assert!(!all.contains(word), "{word} in: {}", mail.data);
        }
    }
    // One row each: made from the outbox id, so that a second copy is recognised.
    assert_eq!(ids.len(), 3);
    for id in [answered, code] {
        assert!(ids.contains(&format!("<{id}@example.test>")), "{ids:?}");
        assert_eq!(hub.state(id).await?, "sent");
    }
    assert_eq!(count(&hub.portal.db, "select count(*) from audit where act = 'notice_sent'").await?, 3);
    assert_eq!(hub.open_tasks().await?, 0);
    Ok(())
}

async fn two_workers_at_once_send_each_notice_once(store: Store) -> Tested {
    const PEOPLE: usize = 30;
    let hub = Hub::start(store).await?;
    let other = portal_on(hub.store.second_handle().await?, &hub.clock, Some(hub.mail.url()), hub.store.folder()).await?;
    for n in 0..PEOPLE {
        let person = reachable(&hub.portal, &format!("p{n}@example.test")).await?;
        queue_received(&hub.portal, person).await?;
    }
    let workers = [hub.portal.clone(), other.clone(), hub.portal.clone(), other]
        .map(|portal| tokio::spawn(async move { deliver_due(&portal).await }));
    let mut settled = 0;
    for worker in workers {
        settled += timeout(SOON, worker).await???;
    }
    assert_eq!(settled, PEOPLE);
    let to: BTreeSet<Vec<String>> = hub.mail.received().into_iter().map(|mail| mail.to).collect();
    assert_eq!((hub.sent(), to.len()), (PEOPLE, PEOPLE));
    assert_eq!(count(&hub.portal.db, "select count(*) from outbox where state = 'sent' and attempts = 1").await?, i64::try_from(PEOPLE)?);
    Ok(())
}

async fn a_lease_that_ran_out_lets_another_worker_send(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let id = queue_received(&hub.portal, person).await?;
    // A worker took it and died.
    let mut tx = hub.portal.db.write().await?;
    sql("update outbox set lease = $1, leased_until = $2, attempts = 1")
        .bind(Uuid::max())
        .bind(hub.clock.now() + Duration::seconds(60))
        .execute_one(&mut tx)
        .await?;
    tx.commit().await?;
    assert_eq!(hub.deliver().await?, 0);
    assert_eq!(hub.after(Duration::seconds(60)).await?, 0, "its last second is the holder's");
    assert_eq!(hub.after(Duration::seconds(1)).await?, 1);
    assert_eq!((hub.sent(), hub.state(id).await?.as_str()), (1, "sent"));
    Ok(())
}

async fn later_is_tried_again_by_the_schedule_and_sent_after_recovery(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let id = queue_received(&hub.portal, person).await?;
    hub.mail.behave(Behaviour::TryLater);
    assert_eq!(hub.deliver().await?, 1);
    for (place, seconds) in [30, 60, 120, 300, 600, 900, 900].into_iter().enumerate() {
        let row = hub.row(id).await?;
        assert_eq!((row.state.as_str(), row.reason.as_deref()), ("due", Some("mail is not working")));
        assert_eq!((row.attempts, row.due_at), (i64::try_from(place + 1)?, hub.clock.now() + Duration::seconds(seconds)));
        assert_eq!(hub.after(Duration::seconds(seconds - 1)).await?, 0);
        assert_eq!(hub.after(Duration::seconds(1)).await?, 1);
    }
    hub.mail.behave(Behaviour::Accept);
    assert_eq!(hub.after(Duration::seconds(900)).await?, 1);
    assert_eq!((hub.sent(), hub.state(id).await?.as_str()), (1, "sent"));
    assert_eq!(hub.after(Duration::days(1)).await?, 0);
    Ok(())
}

async fn six_hours_without_mail_lose_nothing_and_double_nothing(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    hub.mail.behave(Behaviour::RefuseConnection);
    for n in 0..10 {
        let person = reachable(&hub.portal, &format!("p{n}@example.test")).await?;
        queue_received(&hub.portal, person).await?;
        hub.after(Duration::minutes(1)).await?;
    }
    for _ in 0..70 {
        hub.after(Duration::minutes(5)).await?;
    }
    assert_eq!(hub.sent(), 0);
    hub.mail.behave(Behaviour::Accept);
    for _ in 0..4 {
        hub.after(Duration::minutes(5)).await?;
    }
    let to: BTreeSet<String> = hub.mail.received().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!((hub.sent(), to.len()), (10, 10));
    assert_eq!(count(&hub.portal.db, "select count(*) from outbox where state = 'sent'").await?, 10);
    Ok(())
}

async fn seventy_two_hours_without_mail_end_in_a_task(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    hub.mail.behave(Behaviour::RefuseConnection);
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let id = queue_received(&hub.portal, person).await?;
    hub.deliver().await?;
    for _ in 0..(71 * 3) {
        hub.after(Duration::minutes(20)).await?;
    }
    assert_eq!((hub.state(id).await?.as_str(), hub.open_tasks().await?), ("due", 0));
    for _ in 0..4 {
        hub.after(Duration::minutes(20)).await?;
    }
    assert_eq!((hub.state(id).await?.as_str(), hub.open_tasks().await?), ("gave_up", 1));
    hub.mail.behave(Behaviour::Accept);
    assert_eq!(hub.after(Duration::days(1)).await?, 0);
    assert_eq!(hub.sent(), 0);
    Ok(())
}

async fn an_address_refused_for_good_becomes_a_task(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    hub.mail.behave(Behaviour::RejectRecipient);
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let id = queue_received(&hub.portal, person).await?;
    assert_eq!(hub.deliver().await?, 1);
    assert_eq!((hub.state(id).await?.as_str(), hub.open_tasks().await?), ("task", 1));
    hub.mail.behave(Behaviour::Accept);
    assert_eq!(hub.after(Duration::days(1)).await?, 0);
    assert_eq!(hub.sent(), 0);
    assert_eq!(count(&hub.portal.db, "select count(*) from audit where act = 'notice_to_task'").await?, 1);
    Ok(())
}

/// Ten real seconds, so both databases wait together.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_hangs_is_left_after_ten_seconds_and_tried_again() -> Tested {
    let mut hubs = vec![Hub::start(Store::sqlite().await?).await?];
    if let Some(store) = Store::postgres().await? {
        hubs.push(Hub::start(store).await?);
    }
    let waits = hubs.into_iter().map(|hub| async move {
        hub.mail.behave(Behaviour::HangAtData);
        let mut ids = Vec::new();
        for n in 0..3 {
            let person = reachable(&hub.portal, &format!("p{n}@example.test")).await?;
            ids.push(queue_received(&hub.portal, person).await?);
        }
        // Together, not one after another.
        assert_eq!(timeout(SOON, hub.deliver()).await??, 3);
        assert_eq!(hub.sent(), 0);
        hub.mail.behave(Behaviour::Accept);
        assert_eq!(hub.after(Duration::seconds(30)).await?, 3);
        assert_eq!(hub.sent(), 3);
        for id in ids {
            assert_eq!((hub.row(id).await?.attempts, hub.state(id).await?.as_str()), (2, "sent"));
        }
        Tested::Ok(())
    });
    futures_util::future::try_join_all(waits).await.map(drop)
}

async fn a_connection_lost_after_the_message_may_send_it_again_under_the_same_id(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    hub.mail.behave(Behaviour::DropAfterData);
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let id = queue_received(&hub.portal, person).await?;
    assert_eq!(hub.deliver().await?, 1);
    assert_eq!((hub.sent(), hub.state(id).await?.as_str()), (1, "due"));
    hub.mail.behave(Behaviour::Accept);
    assert_eq!(hub.after(Duration::seconds(30)).await?, 1);
    assert_eq!(hub.state(id).await?, "sent");
    let ids: Vec<_> = hub.mail.received().iter().map(|mail| mail.header("Message-ID")).collect();
    assert_eq!(ids, vec![Some(format!("<{id}@example.test>")); 2]);
    Ok(())
}

async fn what_is_not_safe_when_sending_is_not_sent(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let people: Vec<PersonId> = {
        let mut people = Vec::new();
        for n in 0..7 {
            let person = reachable(&hub.portal, &format!("p{n}@example.test")).await?;
            queue_received(&hub.portal, person).await?;
            people.push(person);
        }
        people
    };
    let email = safe(Channel::Email);
    // After it was queued and before it is sent:
    grant(&hub.portal, people[0], &Grant { safety: Safety::NotSafe, ..email.clone() }).await?;
    grant(&hub.portal, people[1], &Grant::unknown(Channel::Email)).await?;
    grant(&hub.portal, people[2], &Grant { until: Some(at("2026-03-01T00:00:00Z").date_naive()), ..email.clone() }).await?;
    let mut tx = hub.portal.db.write().await?;
    sql("update contact_grants set revoked_at = $2 where person_id = $1").bind(people[3]).bind(hub.clock.now()).execute(&mut tx).await?;
    sql("update contact_points set revoked_at = $2 where person_id = $1").bind(people[4]).bind(hub.clock.now()).execute(&mut tx).await?;
    tx.commit().await?;
    prefer(&hub.portal, people[5], None).await?;
    assert_eq!(hub.deliver().await?, 7);
    let to: Vec<_> = hub.mail.received().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!(to, ["p6@example.test"]);
    assert_eq!(count(&hub.portal.db, "select count(*) from outbox where state = 'task'").await?, 5);
    assert_eq!(count(&hub.portal.db, "select count(*) from tasks where channel is null").await?, 5);
    assert_eq!(count(&hub.portal.db, "select count(*) from outbox where state = 'not_sent' and reason = 'the person will look'").await?, 1);
    // Said safe again, later: what became a task stays one.
    grant(&hub.portal, people[0], &email).await?;
    assert_eq!(hub.after(Duration::days(1)).await?, 0);
    assert_eq!(hub.sent(), 1);
    Ok(())
}

async fn a_notice_waits_for_the_hours_chosen(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let days = Days::from_codes(["tue", "thu"]).expect("two days");
    let window = Window::new(days, 18, 20).expect("two hours");
    grant(&hub.portal, person, &Grant { window, ..safe(Channel::Email) }).await?;
    // Monday 10:00: they chose Tuesday and Thursday evenings.
    let id = queue_received(&hub.portal, person).await?;
    assert_eq!(hub.deliver().await?, 1);
    let row = hub.row(id).await?;
    assert_eq!((row.due_at, row.reason.as_deref()), (at("2026-03-03T18:00:00Z"), Some("outside the hours chosen")));
    assert_eq!(hub.after(Duration::hours(31)).await?, 0);
    assert_eq!(hub.sent(), 0);
    // Mail fails during their hours, and works again after them: it waits for the next.
    hub.mail.behave(Behaviour::TryLater);
    hub.clock.advance(Duration::hours(1));
    while hub.clock.now() < at("2026-03-03T20:00:00Z") {
        hub.deliver().await?;
        hub.clock.advance(Duration::minutes(5));
    }
    hub.mail.behave(Behaviour::Accept);
    hub.after(Duration::minutes(30)).await?;
    assert_eq!(hub.row(id).await?.due_at, at("2026-03-05T18:00:00Z"));
    assert_eq!(hub.sent(), 0);
    hub.clock.advance(at("2026-03-05T18:00:00Z") - hub.clock.now());
    assert_eq!(hub.deliver().await?, 1);
    assert_eq!((hub.sent(), hub.state(id).await?.as_str()), (1, "sent"));
    Ok(())
}

async fn waiting_for_the_hours_is_not_failing(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let days = Days::from_codes(["fri"]).expect("a day");
    let window = Window::new(days, 9, 17).expect("hours");
    grant(&hub.portal, person, &Grant { window, ..safe(Channel::Email) }).await?;
    let id = queue_received(&hub.portal, person).await?;
    hub.deliver().await?;
    // 95 hours later their day begins, and mail is busy for a moment.
    hub.mail.behave(Behaviour::TryLater);
    hub.clock.advance(at("2026-03-06T09:00:00Z") - hub.clock.now());
    assert_eq!(hub.deliver().await?, 1);
    assert_eq!(hub.state(id).await?, "due");
    hub.mail.behave(Behaviour::Accept);
    hub.after(Duration::minutes(15)).await?;
    assert_eq!((hub.sent(), hub.state(id).await?.as_str()), (1, "sent"));
    Ok(())
}

async fn only_the_address_of_the_moment_is_written_to(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let person = reachable(&hub.portal, "old@example.test").await?;
    queue_received(&hub.portal, person).await?;
    hub.mail.behave(Behaviour::TryLater);
    hub.deliver().await?;
    let mut tx = hub.portal.db.write().await?;
    sql("update contact_points set revoked_at = $2 where person_id = $1").bind(person).bind(hub.clock.now()).execute_one(&mut tx).await?;
    let key = hub.portal.keys.vault.key(&mut tx, person.0).await?;
    let (point, now) = ((server::contact::points::Kind::Email, "new@example.test"), hub.clock.now());
    server::contact::points::add(&hub.portal, &mut tx, &key, point, now, now).await?;
    tx.commit().await?;
    hub.mail.behave(Behaviour::Accept);
    hub.after(Duration::seconds(30)).await?;
    let received = hub.mail.received();
    assert_eq!(received.len(), 1);
    assert_eq!(received[0].to, ["new@example.test"]);
    assert!(!received[0].data.contains("old@example.test"));
    Ok(())
}

async fn codes_go_out_at_once_and_never_late(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let person = reachable(&hub.portal, "amira@example.test").await?;
    // Outside the hours chosen: they are at the screen.
    let night = Window::new(Days::EVERY, 22, 23).expect("an hour");
    grant(&hub.portal, person, &Grant { window: night, ..safe(Channel::Email) }).await?;
    let code = |challenge| queue(&hub.portal, Notice::SignInCode, Some(person), challenge);
    let (first, second) = (Uuid::from_u128(1), Uuid::from_u128(2));
    code(first).await?;
    code(second).await?;
    assert_eq!(hub.deliver().await?, 2, "two codes are two messages");
    let bodies: Vec<_> = hub.mail.received().iter().map(crate::smtp::ReceivedMail::body).collect();
    for challenge in [first, second] {
        assert!(bodies.iter().any(|body| body.contains(&hub.portal.keys.code(challenge))));
    }
    hub.mail.behave(Behaviour::TryLater);
    let third = code(Uuid::from_u128(3)).await?;
    for _ in 0..19 {
        hub.after(Duration::seconds(30)).await?;
    }
    assert_eq!(hub.state(third).await?, "due");
    hub.mail.behave(Behaviour::Accept);
    hub.clock.advance(Duration::seconds(30));
    for _ in 0..3 {
        hub.after(Duration::minutes(5)).await?;
    }
    let row = hub.row(third).await?;
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("not_sent", Some("the code has run out")));
    // Not safe: no code either, but somebody who can help.
    grant(&hub.portal, person, &Grant::unknown(Channel::Email)).await?;
    let fourth = code(Uuid::from_u128(4)).await?;
    hub.deliver().await?;
    assert_eq!((hub.sent(), hub.state(fourth).await?.as_str()), (2, "task"));
    Ok(())
}

async fn decoys_send_nothing(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    reachable(&hub.portal, "amira@example.test").await?;
    let id = queue(&hub.portal, Notice::SignInCode, None, Uuid::nil()).await?;
    assert_eq!(hub.deliver().await?, 1);
    let row = hub.row(id).await?;
    assert_eq!((row.state.as_str(), row.reason.as_deref()), ("not_sent", Some("nobody")));
    assert_eq!(hub.after(Duration::days(1)).await?, 0);
    assert_eq!((hub.sent(), hub.open_tasks().await?), (0, 0));
    assert_eq!(count(&hub.portal.db, "select count(*) from audit").await?, 0);
    Ok(())
}

async fn other_channels_become_one_task(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    for (n, channel) in [Channel::Phone, Channel::Text, Channel::Letter].into_iter().enumerate() {
        let person = reachable(&hub.portal, &format!("p{n}@example.test")).await?;
        grant(&hub.portal, person, &safe(channel)).await?;
        prefer(&hub.portal, person, Some(channel)).await?;
        for _ in 0..2 {
            let id = queue_received(&hub.portal, person).await?;
            assert_eq!(hub.deliver().await?, 1);
            assert_eq!(hub.state(id).await?, "task");
        }
    }
    assert_eq!(hub.sent(), 0);
    let mut reader = hub.portal.db.read().await?;
    let channels: Vec<(String,)> = sql("select channel from tasks where done_at is null order by channel").fetch_all(&mut reader).await?;
    assert_eq!(channels, [("letter".into(),), ("phone".into(),), ("text".into(),)]);
    Ok(())
}

async fn what_was_read_already_is_not_announced(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let staff = coordinator(&hub.store.db, 1).await?;
    let person = somebody(&hub.portal, "amira@example.test").await?;
    let request = submit(&hub.portal, Some(person)).await?;
    run(&hub.portal.db, "update outbox set state = 'sent'").await?;
    grant(&hub.portal, person, &safe(Channel::Email)).await?;
    prefer(&hub.portal, person, Some(Channel::Email)).await?;
    let id = reply(&hub.portal, staff, person, &request).await?;
    read(&hub.portal, &request).await?;
    assert_eq!(hub.deliver().await?, 1);
    let row = hub.row(id).await?;
    assert_eq!((hub.sent(), row.state.as_str(), row.reason.as_deref()), (0, "not_sent", Some("read already")));
    Ok(())
}

/// Replies to two requests are one notice; reading the first must not silence the second.
async fn one_waiting_notice_stands_for_every_reply(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let staff = coordinator(&hub.store.db, 1).await?;
    let person = reachable(&hub.portal, "amira@example.test").await?;
    let (one, other) = (submit(&hub.portal, Some(person)).await?, submit(&hub.portal, Some(person)).await?);
    run(&hub.portal.db, "update outbox set state = 'sent'").await?;
    reply(&hub.portal, staff, person, &one).await?;
    reply(&hub.portal, staff, person, &other).await?;
    assert_eq!(count(&hub.portal.db, "select count(*) from outbox where state = 'due'").await?, 1);
    read(&hub.portal, &one).await?;
    assert_eq!(hub.deliver().await?, 1);
    assert_eq!(hub.sent(), 1, "the answer to the other request waits unread");
    Ok(())
}

async fn a_row_that_cannot_be_read_holds_nobody_up(store: Store) -> Tested {
    let hub = Hub::start(store).await?;
    let broken = reachable(&hub.portal, "p0@example.test").await?;
    queue_received(&hub.portal, broken).await?;
    let mut tx = hub.portal.db.write().await?;
    sql("update contact_grants set days = 0 where person_id = $1").bind(broken).execute_one(&mut tx).await?;
    tx.commit().await?;
    for n in 1..12 {
        let person = reachable(&hub.portal, &format!("p{n}@example.test")).await?;
        queue_received(&hub.portal, person).await?;
    }
    // The error is said; the others go out, at the latest the next time.
    assert!(matches!(hub.deliver().await, Err(DbError::Inconsistent(_))));
    hub.deliver().await?;
    let to: BTreeSet<String> = hub.mail.received().into_iter().flat_map(|mail| mail.to).collect();
    assert_eq!((hub.sent(), to.len()), (11, 11));
    assert!(!to.contains("p0@example.test"));
    Ok(())
}
