//! Passwords of staff: what one must be, `/hub/password`, and making both ways in anew from the command line.
//! The rule is [`fit`], wherever a password comes from.

use super::accounts::end_sessions;
use super::sign_in::new_totp_secret;
use crate::audit::{self, Act, Actor, Entry};
use crate::config::Config;
use crate::db::{DbError, Tx, sql};
use crate::entropy::Entropy;
use crate::error::Error;
use crate::http::cookies;
use crate::http::fields::Form as Submitted;
use crate::http::session::StaffSession;
use crate::keys::{self, Keys};
use crate::portal::Portal;
use crate::vault::Field;
use app::domain::ids::StaffId;
use app::forms::hub::ChangePassword;
use app::forms::{FieldErrors, Fields, Form as _};
use app::govuk::Entered;
use app::pages::hub_password::PasswordPage;
use app::paths;
use axum::Router;
use axum::extract::{RawQuery, State};
use axum::http::header;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use chrono::{DateTime, Duration, Utc};
use leptos::prelude::*;
use ring::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Seek as _, SeekFrom};
use std::path::Path;

/// The shortest, in characters.
const SHORTEST: usize = 15;
/// The longest, in bytes: what the sign-in form takes.
const LONGEST: usize = 256;
/// Wrong ones in a row before the account rests, as at the door.
const MOST_FAILURES: i64 = 10;
const REST: Duration = Duration::minutes(15);

/// Why a password is not taken.
#[derive(Debug, thiserror::Error)]
pub enum Unfit {
    #[error("the password must have at least {SHORTEST} characters")]
    Short,
    #[error("the password may have at most {LONGEST} bytes")]
    Long,
    #[error("the password is too easy to guess: take four or more words that do not belong together")]
    Guessable,
    #[error("the password is on a list of passwords that others have stolen: take another")]
    Stolen,
    #[error("the list of stolen passwords cannot be read: {0}")]
    List(#[from] io::Error),
}

/// `about`: what an attacker knows of its owner anyway.
pub fn fit(config: &Config, password: &str, about: &[&str]) -> Result<(), Unfit> {
    if password.chars().count() < SHORTEST {
        return Err(Unfit::Short);
    }
    if password.len() > LONGEST {
        return Err(Unfit::Long);
    }
    // Long is not enough: "passwordpassword1" is among the first that anybody tries.
    let about: Vec<&str> = about.iter().copied().chain(["hub", "victim", "police"]).collect();
    if zxcvbn::zxcvbn(password, &about).score() < zxcvbn::Score::Four {
        return Err(Unfit::Guessable);
    }
    match &config.stolen_passwords {
        Some(list) if is_listed(list, password)? => Err(Unfit::Stolen),
        _ => Ok(()),
    }
}

/// Is the password's SHA-1 in this file of sorted lines, each 40 hex digits in capitals and perhaps `:` and a
/// count (the form in which lists of stolen passwords are given out)? Some thirty lines are read of a file of any size.
fn is_listed(list: &Path, password: &str) -> io::Result<bool> {
    let wanted = keys::hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, password.as_bytes()).as_ref()).to_ascii_uppercase();
    let mut file = BufReader::with_capacity(256, File::open(list)?);
    // The line looked for, if it is there, begins in low..high.
    let (mut low, mut high) = (0, file.seek(SeekFrom::End(0))?);
    let mut line = String::new();
    while low < high {
        let middle = low + (high - low) / 2;
        // The first line that begins at the middle or later: behind the end of the one that holds the byte before.
        let mut begins = middle;
        file.seek(SeekFrom::Start(middle.saturating_sub(1)))?;
        if middle > 0 {
            line.clear();
            begins = middle - 1 + file.read_line(&mut line)? as u64;
        }
        line.clear();
        let length = if begins < high { file.read_line(&mut line)? as u64 } else { 0 };
        if length == 0 {
            high = middle;
            continue;
        }
        match line.get(..40).unwrap_or(line.trim_end()).cmp(wanted.as_str()) {
            std::cmp::Ordering::Equal => return Ok(true),
            std::cmp::Ordering::Less => low = begins + length,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    Ok(false)
}

pub fn routes() -> Router<Portal> {
    Router::new().route(paths::HUB_PASSWORD, get(show).post(change))
}

fn page(portal: &Portal, staff: &StaffSession, errors: FieldErrors, done: Option<&'static str>) -> Response {
    let problem = !errors.is_empty();
    // No password is ever shown again.
    let entered = Entered::new(Fields::default(), errors);
    portal
        .staff_page(staff, "Your password")
        .here(paths::HUB_PASSWORD)
        .problem(problem)
        .show(move || view! { <PasswordPage entered=entered done=done/> })
}

async fn show(State(portal): State<Portal>, staff: StaffSession, RawQuery(query): RawQuery) -> Response {
    let done = (query.as_deref() == Some("changed")).then_some("Your new password counts from now on. You are signed out everywhere else.");
    page(&portal, &staff, FieldErrors::default(), done)
}

/// The old one is asked for, and wrong ones are counted with those at the door: a screen left open is no way to
/// try passwords.
async fn change(State(portal): State<Portal>, staff: StaffSession, Submitted(fields): Submitted) -> Result<Response, Error> {
    let form = match ChangePassword::parse(&fields) {
        Ok(form) => form,
        Err(errors) => return Ok(page(&portal, &staff, errors, None)),
    };
    let now = portal.now();
    let mut tx = portal.db.write().await?;
    let row: Option<(String, String)> = sql("update staff set failures = failures + 1, failed_at = $2 where staff_id = $1 \
         and (failures < $3 or failed_at is null or failed_at < $4) returning password_hash, email")
    .bind(staff.staff)
    .bind(now)
    .bind(MOST_FAILURES)
    .bind(now - REST)
    .fetch_optional(&mut tx)
    .await?;
    tx.commit().await?;
    let Some((hash, email)) = row else {
        let errors = FieldErrors::one("current_password", "The password was wrong too many times. Wait 15 minutes");
        return Ok(page(&portal, &staff, errors, None));
    };
    let (slow, salt, name) = (portal.clone(), portal.entropy.bytes(), staff.name.clone());
    let checked = keys::off_thread(move || {
        if !slow.keys.verify_secret(&form.current, Some(&hash)) {
            return Err(FieldErrors::one("current_password", "This is not your password. Try again"));
        }
        fit(&slow.config, &form.new, &[&email, &name]).map_err(|unfit| {
            if let Unfit::List(error) = &unfit {
                // As good as down: a password that may be stolen is not taken.
                tracing::error!(%error, "the list of stolen passwords cannot be read");
            }
            let mut errors = FieldErrors::default();
            errors.add("new_password", sentence(&unfit));
            errors
        })?;
        Ok(slow.keys.hash_secret(&form.new, salt))
    })
    .await;
    let hash = match checked {
        Some(Ok(hash)) => hash,
        Some(Err(errors)) => {
            if errors.of("current_password").is_some() {
                let mut tx = portal.db.write().await?;
                audit::append(&mut tx, now, Entry::new(Actor::Staff(staff.staff), Act::StepUpFailed, None, staff.staff)).await?;
                tx.commit().await?;
            } else {
                forgive(&portal, staff.staff).await?;
            }
            return Ok(page(&portal, &staff, errors, None));
        }
        None => return Err(Error::Internal("the server is shutting down".into())),
    };
    let token = portal.entropy.token();
    let mut tx = portal.db.write().await?;
    sql("update staff set password_hash = $2, failures = 0, failed_at = null where staff_id = $1")
        .bind(staff.staff)
        .bind(hash)
        .execute_one(&mut tx)
        .await?;
    // Whoever signed in with the old one is out, this browser too but for its new token.
    sql("update staff_sessions set token_hash = $2 where token_hash = $1 and ended_at is null")
        .bind(staff.token_hash.as_str())
        .bind(keys::token_hash(&token))
        .execute_one(&mut tx)
        .await?;
    sql("update staff_sessions set ended_at = $3 where staff_id = $1 and token_hash <> $2 and ended_at is null")
        .bind(staff.staff)
        .bind(keys::token_hash(&token))
        .bind(now)
        .execute(&mut tx)
        .await?;
    sql("update staff_challenges set used_at = $2 where staff_id = $1 and used_at is null")
        .bind(staff.staff)
        .bind(now)
        .execute(&mut tx)
        .await?;
    audit::append(&mut tx, now, Entry::new(Actor::Staff(staff.staff), Act::StaffPasswordChanged, None, staff.staff)).await?;
    tx.commit().await?;
    let mut response = Redirect::to(&format!("{}?changed", paths::HUB_PASSWORD)).into_response();
    response.headers_mut().append(header::SET_COOKIE, cookies::set(cookies::STAFF, &token));
    Ok(response)
}

fn sentence(unfit: &Unfit) -> String {
    match unfit {
        Unfit::List(_) => "We cannot check new passwords now. Try again later".to_owned(),
        unfit => {
            let text = unfit.to_string();
            text[..1].to_uppercase() + &text[1..]
        }
    }
}

/// A right password beside a new one that is not taken was no try.
async fn forgive(portal: &Portal, staff: StaffId) -> Result<(), DbError> {
    let mut tx = portal.db.write().await?;
    sql("update staff set failures = failures - 1 where staff_id = $1 and failures > 0").bind(staff).execute(&mut tx).await?;
    tx.commit().await
}

/// A new password and a new secret for the authenticator app, for somebody who has lost one of them; answers the
/// secret. Every session of theirs ends.
pub async fn reset(
    tx: &mut Tx,
    staff: StaffId,
    password_hash: String,
    (keys, entropy): (&Keys, &Entropy),
    now: DateTime<Utc>,
) -> Result<String, DbError> {
    let secret = new_totp_secret(entropy);
    let key = keys.vault.key(tx, staff.0).await?;
    sql("update staff set password_hash = $2, totp_secret = $3, totp_last_step = 0, failures = 0, failed_at = null where staff_id = $1")
        .bind(staff)
        .bind(password_hash)
        .bind(key.seal(entropy, Field::StaffTotpSecret, staff.0, &secret))
        .execute_one(tx)
        .await?;
    end_sessions(tx, staff, now).await?;
    audit::append(tx, now, Entry::new(Actor::System, Act::StaffReset, None, staff)).await?;
    Ok(secret)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::io::Write as _;

    fn list(passwords: &[String], end: &str) -> tempfile::NamedTempFile {
        let mut lines: Vec<String> = passwords
            .iter()
            .map(|one| keys::hex(digest(&SHA1_FOR_LEGACY_USE_ONLY, one.as_bytes()).as_ref()).to_ascii_uppercase() + ":3")
            .collect();
        lines.sort();
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all((lines.join(end) + end).as_bytes()).unwrap();
        file
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn what_is_on_the_list_is_found_and_nothing_else(count in 0usize..200, windows: bool) {
            let listed: Vec<String> = (0..count).map(|n| format!("stolen {n}")).collect();
            let file = list(&listed, if windows { "\r\n" } else { "\n" });
            for one in &listed {
                prop_assert!(is_listed(file.path(), one).unwrap(), "{one}");
            }
            for n in 0..50 {
                let absent = format!("mine {n}");
                prop_assert!(!is_listed(file.path(), &absent).unwrap());
            }
        }
    }

    #[test]
    fn a_stolen_password_is_not_taken_however_long_it_is() {
        let good = "gravel-umbrella-tuesday-lantern";
        let file = list(&[good.to_owned()], "\n");
        let mut config = Config::default();
        assert!(fit(&config, good, &[]).is_ok());
        config.stolen_passwords = Some(file.path().to_owned());
        assert!(matches!(fit(&config, good, &[]), Err(Unfit::Stolen)));
        assert!(fit(&config, "another-gravel-umbrella-lantern", &[]).is_ok());
        config.stolen_passwords = Some("/not/there".into());
        assert!(matches!(fit(&config, good, &[]), Err(Unfit::List(_))));
        assert!(matches!(fit(&config, "passwordpassword1", &[]), Err(Unfit::Guessable)));
        assert!(matches!(fit(&config, "short", &[]), Err(Unfit::Short)));
    }
}
