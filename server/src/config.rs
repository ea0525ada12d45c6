//! Settings: `portal.toml` in the working folder, each overridden by `PORTAL_` and its name in
//! capitals. An unknown key is an error, not a silent default. The demo runs with none set.

use crate::backup::Recipient;
use crate::http::outgoing;
use crate::retention::Schedule;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where to listen.
    pub addr: SocketAddr,
    /// `sqlite://FILE` or `postgres://..`
    pub database_url: String,
    /// `smtp://host:port`, `smtps://..`; with neither this nor `mail_dir`, mail lands in `mail/`.
    pub smtp_url: Option<String>,
    /// One `.eml` file a message.
    pub mail_dir: Option<PathBuf>,
    /// Neutral: never a word about victims, crime or police.
    pub mail_from: String,
    /// What links in messages begin with.
    pub base_url: String,
    /// Holds the root of codes, indexes and the pepper; made on the first start. Default: beside the SQLite file, or
    /// `portal.key`.
    pub secret_key_file: Option<PathBuf>,
    /// Holds the master keys that wrap the key of each person; made on the first start. Default: beside
    /// the secret key file, with the ending `.master`.
    pub master_key_file: Option<PathBuf>,
    /// Who was erased. Default: beside the secret key file, with the ending `.erased`.
    pub erasure_ledger: Option<PathBuf>,
    /// Passwords that staff may not have: sorted SHA-1 in hex, one a line. None: only how hard one is to guess counts.
    pub stolen_passwords: Option<PathBuf>,
    /// Who can read backups: the public key (`age1…`) of an identity that `age-keygen` made and that is kept elsewhere.
    pub backup_recipient: Option<String>,
    /// How long records live, in days.
    pub retention: Schedule,
    /// Reserved for the metrics listener.
    pub metrics_addr: Option<SocketAddr>,
    /// Built assets, instead of those inside the program.
    pub site_dir: Option<PathBuf>,
    /// Where "Exit this page" leads.
    pub exit_url: String,
    pub hub_phone: String,
    /// As it follows "We are open".
    pub hub_hours: String,
    /// The organisation's OpenID provider, exactly as it names itself. With the next two: staff may sign in there.
    pub oidc_issuer: Option<String>,
    /// As whom the provider knows this portal.
    pub oidc_client_id: Option<String>,
    /// Holds the secret that goes with it, in one line.
    pub oidc_client_secret_file: Option<PathBuf>,
    /// The strength of sign-in that is asked of the provider, and demanded back, as its `acr` says it.
    pub oidc_acr: Option<String>,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            addr: SocketAddr::from(([127, 0, 0, 1], 3000)),
            database_url: "sqlite://portal.db".into(),
            smtp_url: None,
            mail_dir: None,
            mail_from: "Updates <updates@example.test>".into(),
            base_url: "http://127.0.0.1:3000".into(),
            secret_key_file: None,
            master_key_file: None,
            erasure_ledger: None,
            stolen_passwords: None,
            backup_recipient: None,
            retention: Schedule::default(),
            metrics_addr: None,
            site_dir: None,
            exit_url: "https://www.bbc.co.uk/weather".into(),
            hub_phone: "01632 960001".into(),
            hub_hours: "Monday to Friday, 8am to 8pm".into(),
            oidc_issuer: None,
            oidc_client_id: None,
            oidc_client_secret_file: None,
            oidc_acr: None,
        }
    }
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error("{path}: {cause}")]
    File { path: String, cause: String },
    #[error("{name} is not valid: {why}")]
    Value { name: &'static str, why: String },
}

impl Config {
    /// Reads `portal.toml` where it is, then the environment.
    pub fn load(file: &Path, env: impl Fn(&str) -> Option<String>) -> Result<Self, ConfigError> {
        let mut config: Self = match std::fs::read_to_string(file) {
            Ok(text) => toml::from_str(&text)
                .map_err(|cause| ConfigError::File { path: file.display().to_string(), cause: cause.message().to_owned() })?,
            Err(cause) if cause.kind() == std::io::ErrorKind::NotFound => Self::default(),
            Err(cause) => return Err(ConfigError::File { path: file.display().to_string(), cause: cause.to_string() }),
        };
        let text = |name: &str| env(name).filter(|value| !value.is_empty());
        let addr = |name: &'static str| -> Result<Option<SocketAddr>, ConfigError> {
            text(name)
                .map(|value| value.parse().map_err(|_| ConfigError::Value { name, why: "write it like 127.0.0.1:3000".into() }))
                .transpose()
        };
        if let Some(value) = addr("PORTAL_ADDR")? {
            config.addr = value;
        }
        config.metrics_addr = addr("PORTAL_METRICS_ADDR")?.or(config.metrics_addr);
        for (name, field) in [
            ("PORTAL_DATABASE_URL", &mut config.database_url),
            ("PORTAL_BASE_URL", &mut config.base_url),
            ("PORTAL_MAIL_FROM", &mut config.mail_from),
            ("PORTAL_EXIT_URL", &mut config.exit_url),
            ("PORTAL_HUB_PHONE", &mut config.hub_phone),
            ("PORTAL_HUB_HOURS", &mut config.hub_hours),
        ] {
            if let Some(value) = text(name) {
                *field = value;
            }
        }
        for (name, field) in [
            ("PORTAL_SMTP_URL", &mut config.smtp_url),
            ("PORTAL_BACKUP_RECIPIENT", &mut config.backup_recipient),
            ("PORTAL_OIDC_ISSUER", &mut config.oidc_issuer),
            ("PORTAL_OIDC_CLIENT_ID", &mut config.oidc_client_id),
            ("PORTAL_OIDC_ACR", &mut config.oidc_acr),
        ] {
            if let Some(value) = text(name) {
                *field = Some(value);
            }
        }
        for (name, field) in [
            ("PORTAL_MAIL_DIR", &mut config.mail_dir),
            ("PORTAL_SECRET_KEY_FILE", &mut config.secret_key_file),
            ("PORTAL_MASTER_KEY_FILE", &mut config.master_key_file),
            ("PORTAL_ERASURE_LEDGER", &mut config.erasure_ledger),
            ("PORTAL_STOLEN_PASSWORDS", &mut config.stolen_passwords),
            ("PORTAL_SITE_DIR", &mut config.site_dir),
            ("PORTAL_OIDC_CLIENT_SECRET_FILE", &mut config.oidc_client_secret_file),
        ] {
            if let Some(value) = text(name) {
                *field = Some(PathBuf::from(value));
            }
        }
        config.check()?;
        Ok(config)
    }

    fn check(&self) -> Result<(), ConfigError> {
        let web = |name: &'static str, value: &str| {
            let fine = (value.starts_with("http://") || value.starts_with("https://")) && !value.contains([' ', '"', '<', '\n', ';', ',']);
            if fine { Ok(()) } else { Err(ConfigError::Value { name, why: "it must be an http:// or https:// address".into() }) }
        };
        web("base_url", &self.base_url)?;
        web("exit_url", &self.exit_url)?;
        let Schedule { person, ways_in, notices, answers_to_machines } = self.retention;
        if [person, ways_in, notices, answers_to_machines].iter().any(|days| !(1..=36_500).contains(days)) {
            return Err(ConfigError::Value { name: "retention", why: "each class is 1 to 36500 days".into() });
        }
        if self.smtp_url.is_some() && self.mail_dir.is_some() {
            return Err(ConfigError::Value { name: "smtp_url", why: "set smtp_url or mail_dir, not both".into() });
        }
        if self.mail_from.parse::<lettre::message::Mailbox>().is_err() {
            return Err(ConfigError::Value { name: "mail_from", why: "write it like Updates <updates@example.test>".into() });
        }
        if self.backup_recipient.as_ref().is_some_and(|key| key.parse::<Recipient>().is_err()) {
            let why = "it must be the public key that age-keygen prints: age1 and 58 more characters".into();
            return Err(ConfigError::Value { name: "backup_recipient", why });
        }
        self.check_single_sign_on()
    }

    fn check_single_sign_on(&self) -> Result<(), ConfigError> {
        let wrong = |name: &'static str, why: &str| Err(ConfigError::Value { name, why: why.into() });
        let issuer = match (&self.oidc_issuer, &self.oidc_client_id, &self.oidc_client_secret_file) {
            (None, None, None) if self.oidc_acr.is_some() => return wrong("oidc_acr", "it needs oidc_issuer"),
            (None, None, None) => return Ok(()),
            (Some(issuer), Some(_), Some(_)) => issuer,
            _ => return wrong("oidc_issuer", "set oidc_issuer, oidc_client_id and oidc_client_secret_file, or none of them"),
        };
        // Who could read or change what is said to the provider could sign in as anybody.
        let fine = openidconnect::url::Url::parse(issuer).is_ok_and(|url| match (url.scheme(), url.host_str()) {
            ("https", Some(_)) => true,
            ("http", Some(host)) => outgoing::is_this_machine(host),
            _ => false,
        });
        if fine { Ok(()) } else { wrong("oidc_issuer", "it must be an https:// address, or one of this machine") }
    }

    /// Where the root key lies.
    #[must_use]
    pub fn key_file(&self) -> PathBuf {
        if let Some(path) = &self.secret_key_file {
            return path.clone();
        }
        match self.database_url.strip_prefix("sqlite://") {
            Some(file) => Path::new(file.split('?').next().unwrap_or(file)).with_extension("key"),
            None => PathBuf::from("portal.key"),
        }
    }

    /// Where the master keys lie.
    #[must_use]
    pub fn master_file(&self) -> PathBuf {
        self.master_key_file.clone().unwrap_or_else(|| self.key_file().with_extension("master"))
    }

    /// Where it is written down who was erased.
    #[must_use]
    pub fn ledger_file(&self) -> PathBuf {
        self.erasure_ledger.clone().unwrap_or_else(|| self.key_file().with_extension("erased"))
    }

    /// The origin of the exit page, for the content security policy.
    #[must_use]
    pub fn exit_origin(&self) -> &str {
        let after_scheme = self.exit_url.find("://").map_or(0, |at| at + 3);
        let end = self.exit_url[after_scheme..].find('/').map_or(self.exit_url.len(), |at| after_scheme + at);
        &self.exit_url[..end]
    }

    /// The settings as `check-config` prints them: no password.
    #[must_use]
    pub fn masked(&self) -> String {
        let mut shown = self.clone();
        shown.database_url = mask(&shown.database_url);
        shown.smtp_url = shown.smtp_url.as_deref().map(mask);
        format!("{shown:#?}")
    }
}

/// An address without the name and password in it.
#[must_use]
pub fn mask(url: &str) -> String {
    match (url.find("://"), url.rfind('@')) {
        (Some(start), Some(end)) if start + 3 < end => format!("{}***{}", &url[..start + 3], &url[end..]),
        _ => url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(toml: &str, env: &[(&str, &str)]) -> Result<Config, ConfigError> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("portal.toml");
        std::fs::write(&file, toml).unwrap();
        Config::load(&file, |name| env.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
    }

    #[test]
    fn unknown_keys_and_bad_values_are_errors() {
        assert!(load("adr = '127.0.0.1:1'", &[]).unwrap_err().to_string().contains("adr"));
        assert!(load("", &[("PORTAL_ADDR", "here")]).is_err());
        assert!(load("exit_url = 'javascript:alert(1)'", &[]).is_err());
        assert!(load("smtp_url = 'smtp://a:1'\nmail_dir = 'b'", &[]).is_err());
        assert!(load("", &[("PORTAL_BACKUP_RECIPIENT", "age1nobody")]).unwrap_err().to_string().contains("age-keygen"));
    }

    #[test]
    fn single_sign_on_is_set_whole_and_over_tls_or_not_at_all() {
        let env = |issuer: &'static str| {
            [("PORTAL_OIDC_ISSUER", issuer), ("PORTAL_OIDC_CLIENT_ID", "portal"), ("PORTAL_OIDC_CLIENT_SECRET_FILE", "secret")]
        };
        for issuer in ["https://login.example.test", "https://login.example.test/a/v2.0", "http://127.0.0.1:4000", "http://[::1]:4000"] {
            let config = load("", &env(issuer)).unwrap();
            assert_eq!(config.oidc_issuer.as_deref(), Some(issuer));
        }
        for issuer in ["http://login.example.test", "login.example.test", "ftp://127.0.0.1", "http://127.0.0.1.example.test", "https://"] {
            assert!(load("", &env(issuer)).unwrap_err().to_string().contains("oidc_issuer"), "{issuer}");
        }
        for left_out in 0..3 {
            let mut some = env("https://login.example.test").to_vec();
            some.remove(left_out);
            assert!(load("", &some).unwrap_err().to_string().contains("or none of them"));
        }
        assert!(load("oidc_acr = 'hardware'", &[]).is_err());
    }

    #[test]
    fn the_environment_wins_and_passwords_are_masked() {
        let config = load("base_url = 'https://a.test'", &[("PORTAL_DATABASE_URL", "postgres://u:hunter2@h/db")]).unwrap();
        assert_eq!(config.base_url, "https://a.test");
        assert!(!config.masked().contains("hunter2"));
        assert_eq!(config.exit_origin(), "https://www.bbc.co.uk");
    }
}
