//! The organisation's OpenID provider: where it is found, where it is asked, and what is believed of it. Found at the
//! first sign-in and kept for an hour, never at start: the portal starts while the provider is down.
//!
//! Believed is an ID token that is signed by a key of the provider (never by the shared secret), of this issuer, for
//! this client, not run out, with our nonce, and bound to the access token beside it; of the strength that the
//! settings demand. All that is taken from it is the subject.

use crate::config::Config;
use crate::http::outgoing;
use crate::http::session::STAFF_LIFE;
use crate::keys::Keys;
use app::paths;
use chrono::{DateTime, Duration, Utc};
use openidconnect::core::{
    CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreJwsSigningAlgorithm, CoreProviderMetadata,
    CoreTokenResponse,
};
use openidconnect::{
    AccessTokenHash, AuthType, AuthenticationContextClass, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce, OAuth2TokenResponse as _, PkceCodeChallenge,
    PkceCodeVerifier, RedirectUrl, RequestTokenError, SignatureVerificationError, TokenResponse as _,
};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

const KEPT: Duration = Duration::hours(1);
/// How far the provider's clock may be ahead of ours, or behind.
const SKEW: Duration = Duration::minutes(5);
/// Signatures that only the provider can make. Not those by a shared secret, and not none.
const SIGNED_BY: [CoreJwsSigningAlgorithm; 9] = [
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
    CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
    CoreJwsSigningAlgorithm::RsaSsaPssSha256,
    CoreJwsSigningAlgorithm::RsaSsaPssSha384,
    CoreJwsSigningAlgorithm::RsaSsaPssSha512,
    CoreJwsSigningAlgorithm::EcdsaP256Sha256,
    CoreJwsSigningAlgorithm::EcdsaP384Sha384,
    CoreJwsSigningAlgorithm::EdDsa,
];
/// The provider may have changed its keys within the hour.
const NO_KEY: &str = "no key of the provider fits the signature";

type Client = CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

/// Why nobody was recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unrecognised {
    /// The provider does not answer, or not as one. It has been logged.
    Down,
    /// What it answered is not believed.
    Untrusted(&'static str),
}

/// What one sign-in is recognised by.
pub struct Proof {
    pub state: String,
    nonce: String,
    verifier: String,
}

impl Proof {
    /// `token`: of the browser's cookie.
    #[must_use]
    pub fn of(keys: &Keys, token: &str) -> Self {
        let part = |name| keys.sign_on_part(name, token);
        Self { state: part("state"), nonce: part("nonce"), verifier: part("verifier") }
    }
}

/// Single sign-on, as the settings name it.
pub struct SingleSignOn {
    issuer: String,
    client_id: String,
    secret_file: PathBuf,
    acr: Option<String>,
    /// Where the provider sends the browser back to.
    return_to: String,
    found: Mutex<Option<(DateTime<Utc>, Arc<Found>)>>,
}

/// What the provider says of itself, and the secret of that hour.
struct Found {
    metadata: CoreProviderMetadata,
    secret: String,
}

/// Single sign-on can be served, or is not wanted: so that a wrong path is noticed at start, not at a sign-in.
pub fn check_settings(config: &Config) -> Result<(), String> {
    let Some(file) = &config.oidc_client_secret_file else { return Ok(()) };
    secret(std::fs::read_to_string(file)).map(drop).map_err(|why| format!("oidc_client_secret_file {}: {why}", file.display()))
}

fn secret(read: std::io::Result<String>) -> Result<String, String> {
    let secret = read.map_err(|error| error.to_string())?.trim().to_owned();
    if secret.is_empty() { Err("it is empty".into()) } else { Ok(secret) }
}

impl SingleSignOn {
    /// `None` where the settings name none.
    #[must_use]
    pub fn of(config: &Config) -> Option<Self> {
        Some(Self {
            issuer: config.oidc_issuer.clone()?,
            client_id: config.oidc_client_id.clone()?,
            secret_file: config.oidc_client_secret_file.clone()?,
            acr: config.oidc_acr.clone(),
            return_to: format!("{}{}", config.base_url.trim_end_matches('/'), paths::HUB_SIGN_ON_RETURN),
            found: Mutex::new(None),
        })
    }

    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the browser is sent to sign in.
    pub async fn address(&self, proof: Proof, now: DateTime<Utc>) -> Result<String, Unrecognised> {
        let found = self.found(now).await?;
        let client = self.client(&found)?;
        let Proof { state, nonce, verifier } = proof;
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, move || CsrfToken::new(state), move || Nonce::new(nonce))
            .set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(verifier)))
            // Who proved who they are longer ago than a session of ours may last proves it again.
            .set_max_age(STAFF_LIFE.absolute.to_std().unwrap_or_default());
        if let Some(acr) = &self.acr {
            request = request.add_auth_context_value(AuthenticationContextClass::new(acr.clone()));
        }
        let (address, _, _) = request.url();
        Ok(address.into())
    }

    /// The subject who signed in, for the code that the browser brought back.
    pub async fn subject(&self, code: String, proof: Proof, now: DateTime<Utc>) -> Result<String, Unrecognised> {
        let found = self.found(now).await?;
        let tokens = self.exchange(&found, code, proof.verifier).await?;
        let nonce = Nonce::new(proof.nonce);
        match self.believe(&found, &tokens, &nonce, now) {
            Err(Unrecognised::Untrusted(NO_KEY)) => {
                let newer = self.look_up(now).await?;
                self.believe(&newer, &tokens, &nonce, now)
            }
            otherwise => otherwise,
        }
    }

    async fn exchange(&self, found: &Found, code: String, verifier: String) -> Result<CoreTokenResponse, Unrecognised> {
        let client = self.client(found)?;
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|_| down("it names no token endpoint"))?;
        let answer = request.set_pkce_verifier(PkceCodeVerifier::new(verifier)).request_async(&outgoing::send).await;
        answer.map_err(|error| match error {
            RequestTokenError::ServerResponse(said) if *said.error() == CoreErrorResponseType::InvalidClient => {
                down("it does not accept oidc_client_id and its secret")
            }
            RequestTokenError::ServerResponse(_) => Unrecognised::Untrusted("the provider refused the code"),
            RequestTokenError::Request(why) => down(&why.to_string()),
            RequestTokenError::Parse(..) | RequestTokenError::Other(_) => down("its token endpoint does not answer as one"),
        })
    }

    /// The subject of an ID token that is believed.
    fn believe(&self, found: &Found, tokens: &CoreTokenResponse, nonce: &Nonce, now: DateTime<Utc>) -> Result<String, Unrecognised> {
        let client = self.client(found)?;
        let oldest = now - STAFF_LIFE.absolute - SKEW;
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(SIGNED_BY)
            .set_time_fn(move || now)
            .set_issue_time_verifier_fn(move |issued| held(issued <= now + SKEW))
            .set_auth_time_verifier_fn(move |at| held(at.is_none_or(|at| at >= oldest)))
            .set_auth_context_verifier_fn(|acr| held(self.acr.is_none() || acr.map(|acr| acr.as_str()) == self.acr.as_deref()));
        let token = tokens.id_token().ok_or(Unrecognised::Untrusted("there is no ID token"))?;
        let claims = token.claims(&verifier, nonce).map_err(|error| Unrecognised::Untrusted(in_words(&error)))?;
        if let Some(bound_to) = claims.access_token_hash() {
            let unreadable = |_| Unrecognised::Untrusted("its signature cannot be read");
            let (alg, key) = (token.signing_alg().map_err(unreadable)?, token.signing_key(&verifier).map_err(unreadable)?);
            let hash = AccessTokenHash::from_token(tokens.access_token(), alg, key);
            if !hash.is_ok_and(|hash| hash == *bound_to) {
                return Err(Unrecognised::Untrusted("the ID token belongs to another access token"));
            }
        }
        Ok(claims.subject().as_str().to_owned())
    }

    fn client(&self, found: &Found) -> Result<Client, Unrecognised> {
        let return_to = RedirectUrl::new(self.return_to.clone()).map_err(|_| down("base_url is no address"))?;
        let (id, secret) = (ClientId::new(self.client_id.clone()), ClientSecret::new(found.secret.clone()));
        let client = CoreClient::from_provider_metadata(found.metadata.clone(), id, Some(secret)).set_redirect_uri(return_to);
        let takes = found.metadata.token_endpoint_auth_methods_supported();
        let only_in_the_body = takes.is_some_and(|ways| {
            ways.contains(&CoreClientAuthMethod::ClientSecretPost) && !ways.contains(&CoreClientAuthMethod::ClientSecretBasic)
        });
        Ok(if only_in_the_body { client.set_auth_type(AuthType::RequestBody) } else { client })
    }

    async fn found(&self, now: DateTime<Utc>) -> Result<Arc<Found>, Unrecognised> {
        let kept = self.found.lock().unwrap_or_else(PoisonError::into_inner).clone();
        match kept {
            Some((at, found)) if now - at < KEPT => Ok(found),
            _ => self.look_up(now).await,
        }
    }

    async fn look_up(&self, now: DateTime<Utc>) -> Result<Arc<Found>, Unrecognised> {
        let secret = secret(tokio::fs::read_to_string(&self.secret_file).await).map_err(|why| down(&why))?;
        let issuer = IssuerUrl::new(self.issuer.clone()).map_err(|_| down("oidc_issuer is no address"))?;
        let metadata = CoreProviderMetadata::discover_async(issuer, &outgoing::send).await.map_err(|error| match error {
            DiscoveryError::Request(why) => down(&why.to_string()),
            other => down(&other.to_string()),
        })?;
        let found = Arc::new(Found { metadata, secret });
        *self.found.lock().unwrap_or_else(PoisonError::into_inner) = Some((now, Arc::clone(&found)));
        Ok(found)
    }
}

fn down(why: &str) -> Unrecognised {
    tracing::warn!(why, "single sign-on does not answer");
    Unrecognised::Down
}

/// The words are never shown: the kind of the error is enough.
fn held(rule: bool) -> Result<(), String> {
    if rule { Ok(()) } else { Err(String::new()) }
}

/// Never with what the token says: it names somebody.
fn in_words(error: &ClaimsVerificationError) -> &'static str {
    match error {
        ClaimsVerificationError::Expired(_) => "the ID token has run out, or is of tomorrow",
        ClaimsVerificationError::InvalidAudience(_) => "the ID token is for another client",
        ClaimsVerificationError::InvalidIssuer(_) => "the ID token is of another provider",
        ClaimsVerificationError::InvalidNonce(_) => "the ID token is of another sign-in",
        ClaimsVerificationError::InvalidAuthContext(_) => "the sign-in was not of the strength that oidc_acr demands",
        ClaimsVerificationError::InvalidAuthTime(_) => "the sign-in was too long ago",
        ClaimsVerificationError::SignatureVerification(SignatureVerificationError::NoMatchingKey) => NO_KEY,
        ClaimsVerificationError::SignatureVerification(_) => "the signature is not the provider's",
        _ => "the ID token cannot be read",
    }
}
