//! Whatever people say about their channels, and however they change their minds: nothing is sent
//! outside a live grant. The rule is written here once more, in the plainest way.

use crate::people::{grant, prefer, queue_received, reachable};
use crate::smtp::{Behaviour, MailServer};
use crate::stores::{Failed, Store, Tested, clock, monday};
use app::domain::contact::{Channel, Days, Grant, Safety, Window};
use app::domain::ids::PersonId;
use chrono::{Datelike as _, Duration, NaiveDate, Timelike as _};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use server::clock::{Clock as _, TestClock};
use server::outbox::deliver_due;
use server::portal::Portal;
use std::sync::Arc;

#[derive(Clone, Debug)]
enum Step {
    Say { safety: Safety, days: u8, from: u8, length: u8, until: Option<i64> },
    Prefer(Option<Channel>),
    Queue,
    MailFails(bool),
    Pass { minutes: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let safety = prop_oneof![4 => Just(Safety::Safe), 1 => Just(Safety::NotSafe), 1 => Just(Safety::Unknown)];
    let channel = prop_oneof![6 => Just(Some(Channel::Email)), 1 => Just(Some(Channel::Phone)), 1 => Just(None)];
    prop_oneof![
        3 => (safety, 1..128_u8, 0..14_u8, 4..25_u8, proptest::option::weighted(0.5, -1..2_i64))
            .prop_map(|(safety, days, from, length, until)| Step::Say { safety, days, from, length, until }),
        1 => channel.prop_map(Step::Prefer),
        3 => Just(Step::Queue),
        1 => any::<bool>().prop_map(Step::MailFails),
        4 => (1..1_500_i64).prop_map(|minutes| Step::Pass { minutes }),
    ]
}

/// What the person has said, as the test keeps it.
struct Said {
    safety: Safety,
    days: u8,
    hours: (u8, u8),
    until: Option<NaiveDate>,
    preferred: Option<Channel>,
}

impl Said {
    /// In these weeks London's clock shows UTC.
    fn may_be_written_to(&self, clock: &TestClock) -> bool {
        let now = clock.now();
        let hour = now.hour();
        self.preferred == Some(Channel::Email)
            && self.safety == Safety::Safe
            && self.days >> now.weekday().num_days_from_monday() & 1 == 1
            && (u32::from(self.hours.0)..u32::from(self.hours.1)).contains(&hour)
            && self.until.is_none_or(|last| now.date_naive() <= last)
    }
}

struct Trial {
    portal: Portal,
    clock: Arc<TestClock>,
    mail: MailServer,
}

impl Trial {
    async fn history(&self, person: PersonId, steps: Vec<Step>) -> Result<usize, Failed> {
        let mut said = Said { safety: Safety::Safe, days: 127, hours: (0, 24), until: None, preferred: Some(Channel::Email) };
        let mut sent = self.mail.received().len();
        let mut waiting = false;
        let mut total = 0;
        self.mail.behave(Behaviour::Accept);
        let mut fails = false;
        for step in steps {
            match step {
                Step::Say { safety, days, from, length, until } => {
                    let to = from.saturating_add(length).min(24);
                    let until = until.map(|days| self.clock.now().date_naive() + Duration::days(days));
                    said = Said { safety, days, hours: (from, to), until, ..said };
                    let window = Days::from_bits(days.into()).and_then(|days| Window::new(days, from, to)).expect("a window");
                    let words = Grant { safety, window, until, ..Grant::unknown(Channel::Email) };
                    grant(&self.portal, person, &words).await?;
                }
                Step::Prefer(channel) => {
                    said.preferred = channel;
                    prefer(&self.portal, person, channel).await?;
                }
                Step::Queue => {
                    queue_received(&self.portal, person).await?;
                    waiting = true;
                }
                Step::MailFails(failing) => {
                    fails = failing;
                    self.mail.behave(if failing { Behaviour::TryLater } else { Behaviour::Accept });
                }
                Step::Pass { minutes } => self.clock.advance(Duration::minutes(minutes)),
            }
            deliver_due(&self.portal).await?;
            let now = self.mail.received().len();
            let new = now - sent;
            sent = now;
            total += new;
            let may = said.may_be_written_to(&self.clock);
            assert!(new == 0 || may, "sent outside a live grant at {}", self.clock.now());
            assert!(new == 0 || waiting, "sent what nobody had queued");
            assert!(new <= 1, "{new} messages for one notice");
            assert!(new == 0 || !fails);
            // One notice waits at most, and once it is gone it is gone.
            if new == 1 {
                waiting = false;
            }
        }
        Ok(total)
    }
}

async fn trial(store: &Store) -> Result<Trial, Failed> {
    let (mail, clock) = (MailServer::start(), clock());
    Ok(Trial { portal: store.portal(&clock, Some(mail.url())).await?, clock, mail })
}

fn histories(store: impl Future<Output = Result<Option<Store>, Failed>>, cases: u32) -> Tested {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let Some(store) = runtime.block_on(store)? else { return Ok(()) };
    let trial = runtime.block_on(trial(&store))?;
    let (mut n, mut total) = (0, 0);
    // The same histories every time; a failure is told with the shortest that shows it.
    let mut runner = TestRunner::new_with_rng(
        Config { cases, failure_persistence: None, max_shrink_iters: 200, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let outcome = {
        let (n, total) = (std::cell::RefCell::new(&mut n), std::cell::RefCell::new(&mut total));
        runner.run(&vec(step(), 5..30), |steps| {
            **n.borrow_mut() += 1;
            let email = format!("p{}@example.test", n.borrow());
            // Always the same two weeks.
            trial.clock.advance(monday() - trial.clock.now());
            let person = runtime.block_on(reachable(&trial.portal, &email)).map_err(|error| TestCaseError::fail(error.to_string()))?;
            let sent = runtime.block_on(trial.history(person, steps)).map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
            **total.borrow_mut() += sent;
            // Nothing of this history is left for the next one.
            runtime
                .block_on(crate::stores::run(&trial.portal.db, "update outbox set state = 'not_sent' where state = 'due'"))
                .map_err(|error| TestCaseError::fail(error.to_string()))?;
            Ok(())
        })
    };
    assert!(outcome.is_ok(), "{outcome:?}");
    assert!(total > usize::try_from(cases)? / 2, "{total} messages in {n} histories prove little");
    Ok(())
}

#[test]
fn nothing_is_sent_outside_a_live_grant_on_sqlite() -> Tested {
    histories(async { Store::sqlite().await.map(Some) }, 40)
}

#[test]
fn nothing_is_sent_outside_a_live_grant_on_postgres() -> Tested {
    histories(Store::postgres(), 20)
}
