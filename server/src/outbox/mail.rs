//! Mail: neutral sender, fixed subject, fixed words, one recipient, a link to the front page or to an
//! invitation and nowhere else.

use crate::config::Config;
use app::domain::contact::{Channel, SafeContact};
use app::domain::notice::Notice;
use lettre::message::header::{ContentType, Header, HeaderName, HeaderValue};
use lettre::message::{Mailbox, Message};
use lettre::{AsyncSmtpTransport, AsyncTransport, Tokio1Executor};
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::AsyncWriteExt as _;
use uuid::Uuid;

/// lettre's own time limit covers only connecting. Its connection pool stays off: a send that was cut
/// short puts its half-used connection back, and the next one hangs on it.
const LONGEST_SEND: Duration = Duration::from_secs(10);

#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// The address can never be written to: it is not an address, or the server says so for good.
    #[error("refused for good: {0}")]
    Refused(&'static str),
    /// Try again later.
    #[error("not now: {0}")]
    NotNow(String),
    #[error("the mail settings are not usable: {0}")]
    Settings(String),
}

enum Transport {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    /// One `.eml` a message: the demo and development.
    Folder(PathBuf),
}

pub struct Mailer {
    transport: Transport,
    from: Mailbox,
    front_page: String,
}

/// What a message holds besides its fixed words.
#[derive(Clone, Copy)]
pub enum Enclosed<'a> {
    Nothing,
    Code(&'a str),
    /// The link of an invitation, and until when it works.
    Link {
        link: &'a str,
        until: &'a str,
    },
}

/// Tells mail programs that no human wrote this, so that none answers by itself.
#[derive(Clone)]
struct AutoSubmitted;

impl Header for AutoSubmitted {
    fn name() -> HeaderName {
        HeaderName::new_from_ascii_str("Auto-Submitted")
    }
    fn parse(_: &str) -> Result<Self, Box<dyn std::error::Error + Send + Sync>> {
        Ok(Self)
    }
    fn display(&self) -> HeaderValue {
        HeaderValue::new(Self::name(), "auto-generated".into())
    }
}

impl Mailer {
    pub fn new(config: &Config) -> Result<Self, MailError> {
        let from = config.mail_from.parse().map_err(|_| MailError::Settings("mail_from".into()))?;
        let transport = match (&config.smtp_url, &config.mail_dir) {
            (Some(url), _) => Transport::Smtp(
                AsyncSmtpTransport::<Tokio1Executor>::from_url(url)
                    .map_err(|error| MailError::Settings(error.to_string()))?
                    .timeout(Some(LONGEST_SEND))
                    .build(),
            ),
            (None, folder) => {
                let folder = folder.clone().unwrap_or_else(|| PathBuf::from("mail"));
                std::fs::create_dir_all(&folder).map_err(|error| MailError::Settings(format!("{}: {error}", folder.display())))?;
                Transport::Folder(folder)
            }
        };
        Ok(Self { transport, from, front_page: format!("{}/", config.base_url.trim_end_matches('/')) })
    }

    /// `None` where a notice does not have what belongs into it.
    fn words(&self, notice: Notice, enclosed: Enclosed<'_>) -> Option<String> {
        let front = &self.front_page;
        match (notice, enclosed) {
            (Notice::SignInCode, Enclosed::Code(code)) => Some(format!(
                "Your code is {code}\n\nIt lasts 10 minutes. If you did not ask for it, you can ignore this email. Never tell it to anybody.\n"
            )),
            (Notice::InvitationLink, Enclosed::Link { link, until }) => Some(format!(
                "Hello,\n\nHere is the link you asked for:\n\n{link}\n\nYou also need the word that you were told. The link works until {until}.\n\nIf you did not ask for this, you can ignore this email. Please do not answer it. Nobody reads it.\n"
            )),
            (Notice::RequestReceived | Notice::ReplyWaiting | Notice::PointChanged, Enclosed::Nothing) => Some(format!(
                "Hello,\n\nThere is a message for you. To read it, sign in here:\n\n{front}\n\nPlease do not answer this email. Nobody reads it.\n"
            )),
            _ => None,
        }
    }

    /// Sends one notice to one address. The grant is used up: the next message needs another look.
    pub async fn send(&self, contact: SafeContact, id: Uuid, notice: Notice, to: &str, enclosed: Enclosed<'_>) -> Result<(), MailError> {
        if contact.channel() != Channel::Email {
            return Err(MailError::Refused("the grant is for another channel"));
        }
        let words = self.words(notice, enclosed).ok_or(MailError::Refused("it lacks what belongs into it"))?;
        let to: Mailbox = to.parse().map_err(|_| MailError::Refused("not an address"))?;
        let domain = self.from.email.domain();
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .subject(notice.subject())
            // Made from the row's id: a message sent twice across a crash is recognised as one.
            .message_id(Some(format!("<{id}@{domain}>")))
            .header(AutoSubmitted)
            .header(ContentType::TEXT_PLAIN)
            .body(words)
            .map_err(|_| MailError::Refused("the message could not be put together"))?;
        match &self.transport {
            Transport::Smtp(smtp) => match tokio::time::timeout(LONGEST_SEND, smtp.send(message)).await {
                Ok(Ok(_)) => Ok(()),
                Ok(Err(error)) if error.is_permanent() => Err(MailError::Refused("the mail server refused the address")),
                // The server's words may repeat the address: they are not kept.
                Ok(Err(error)) => Err(MailError::NotNow(kind(&error).into())),
                Err(_) => Err(MailError::NotNow("no answer in time".into())),
            },
            Transport::Folder(folder) => {
                let (part, whole) = (folder.join(format!(".{id}.part")), folder.join(format!("{id}.eml")));
                let written = async {
                    // It may hold a code: for nobody else on this machine.
                    let mut file = tokio::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&part).await?;
                    file.write_all(&message.formatted()).await?;
                    file.sync_all().await?;
                    tokio::fs::rename(&part, &whole).await
                };
                written.await.map_err(|error| MailError::NotNow(error.kind().to_string()))
            }
        }
    }
}

fn kind(error: &lettre::transport::smtp::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_transient() {
        "the mail server said later"
    } else if error.is_tls() {
        "no secure connection"
    } else {
        "no connection"
    }
}
