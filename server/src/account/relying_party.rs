//! The checks of passkeys, as `webauthn-rs` makes them: what is asked of a browser, and whether its answer
//! holds. The one place that names the crate. A question is kept on the server and never in a cookie: who
//! could bring their own could bring an old answer with it.

use crate::error::Error;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt::Display;
use uuid::Uuid;
use webauthn_rs::prelude::{DiscoverableAuthentication, PasskeyRegistration, RegisterPublicKeyCredential, Url};
use webauthn_rs::{Webauthn, WebauthnBuilder};

pub use webauthn_rs::prelude::{Passkey, PublicKeyCredential};

/// What the phone's list of passkeys shows. Whoever opens that list must learn nothing.
const SITE_NAME: &str = "Updates";
const ACCOUNT_NAME: &str = "My account";

/// The portal, as phones know it: by the host of its address.
pub struct RelyingParty {
    site: Webauthn,
    host: String,
}

/// A question: its options for the browser, and what the answer is held against.
#[derive(Serialize, Deserialize)]
pub struct Question<S> {
    pub options: Value,
    state: S,
}

/// For a new passkey of whoever has this handle.
pub type Making = Question<(Uuid, PasskeyRegistration)>;
/// For a passkey of whoever it may be.
pub type SigningIn = Question<DiscoverableAuthentication>;

fn broken(cause: impl Display) -> Error {
    Error::Internal(format!("passkeys: {cause}"))
}

impl RelyingParty {
    /// Passkeys need a host with a name (no browser gives one to a number), and https unless the host is
    /// this machine. Elsewhere they are off.
    #[must_use]
    pub fn at(base_url: &str) -> Option<Self> {
        let origin = Url::parse(base_url).ok()?;
        let host = origin.domain()?.to_owned();
        if origin.scheme() != "https" && host != "localhost" {
            return None;
        }
        let site = WebauthnBuilder::new(&host, &origin).and_then(|builder| builder.rp_name(SITE_NAME).build()).ok()?;
        Some(Self { site, host })
    }

    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Asks for a new passkey. `handle` is all that the phone is told of the person.
    pub fn ask_to_make(&self, handle: Uuid) -> Result<Making, Error> {
        let (asked, state) = self.site.start_passkey_registration(handle, ACCOUNT_NAME, ACCOUNT_NAME, None).map_err(broken)?;
        let mut options = serde_json::to_value(asked.public_key).map_err(broken)?;
        // The phone finds it by itself: nobody types a name first, so no name can be tried.
        options["authenticatorSelection"]["residentKey"] = json!("required");
        options["authenticatorSelection"]["requireResidentKey"] = json!(true);
        Ok(Question { options, state: (handle, state) })
    }

    /// The passkey that was made, and the handle it was made for.
    #[must_use]
    pub fn made(&self, asked: &Making, answer: &str) -> Option<(Uuid, Passkey)> {
        let answer: RegisterPublicKeyCredential = serde_json::from_str(answer).ok()?;
        let (handle, state) = &asked.state;
        let passkey = self.site.finish_passkey_registration(&answer, state).ok()?;
        Some((*handle, passkey))
    }

    /// Asks for any passkey of this site.
    pub fn ask_to_sign_in(&self) -> Result<SigningIn, Error> {
        let (asked, state) = self.site.start_discoverable_authentication().map_err(broken)?;
        let options = serde_json::to_value(asked.public_key).map_err(broken)?;
        Ok(Question { options, state })
    }

    /// The passkey as it is after this answer; `None` when the answer does not hold. It must come from our
    /// own address, with the person verified by the device, for this handle, and with a count that has grown.
    #[must_use]
    pub fn opens(&self, asked: SigningIn, answer: &PublicKeyCredential, handle: Uuid, mut passkey: Passkey) -> Option<Passkey> {
        let (said, _) = self.site.identify_discoverable_authentication(answer).ok()?;
        if said != handle {
            return None;
        }
        let proof = self.site.finish_discoverable_authentication_v2(answer, asked.state, &passkey).ok()?;
        passkey.update_credential(&proof)?;
        proof.user_verified().then_some(passkey)
    }
}

/// A passkey as text, to be sealed.
pub fn text_of(passkey: &Passkey) -> Result<String, Error> {
    serde_json::to_string(passkey).map_err(broken)
}

/// A question as text, to be kept.
pub fn text_of_question<S: Serialize>(question: &Question<S>) -> Result<String, Error> {
    serde_json::to_string(question).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passkeys_are_off_where_no_browser_would_make_one() {
        for off in ["http://127.0.0.1:3000", "https://192.0.2.1", "https://[2001:db8::1]", "http://portal.example.test", "nothing"] {
            assert!(RelyingParty::at(off).is_none(), "{off}");
        }
        for (on, host) in [("https://updates.example.test/", "updates.example.test"), ("http://localhost:3000", "localhost")] {
            assert_eq!(RelyingParty::at(on).unwrap().host(), host);
        }
    }

    #[test]
    fn what_a_phone_keeps_names_nobody_and_can_be_found_without_a_name() {
        let site = RelyingParty::at("https://updates.example.test").unwrap();
        let asked = site.ask_to_make(Uuid::from_u128(7)).unwrap();
        let user = &asked.options["user"];
        assert_eq!((&user["name"], &user["displayName"]), (&json!("My account"), &json!("My account")));
        assert_eq!(asked.options["rp"], json!({ "name": "Updates", "id": "updates.example.test" }));
        let wants = &asked.options["authenticatorSelection"];
        assert_eq!((&wants["residentKey"], &wants["userVerification"]), (&json!("required"), &json!("required")));
        let kept: Making = serde_json::from_str(&text_of_question(&asked).unwrap()).unwrap();
        assert_eq!(kept.options, asked.options);
        let asked = site.ask_to_sign_in().unwrap();
        assert_eq!((&asked.options["allowCredentials"], &asked.options["userVerification"]), (&json!([]), &json!("required")));
        let kept: SigningIn = serde_json::from_str(&text_of_question(&asked).unwrap()).unwrap();
        assert_eq!(kept.options, asked.options);
    }
}
