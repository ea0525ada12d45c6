//! What every request needs: the store, the clock, the keys, the settings, the built files.

use crate::account::relying_party::RelyingParty;
use crate::audit;
use crate::clock::Clock;
use crate::config::Config;
use crate::db::{Db, DbError, sql};
use crate::entropy::Entropy;
use crate::http::assets::Assets;
use crate::hub::SingleSignOn;
use crate::keys::Keys;
use crate::outbox::Mailer;
use app::pages::HubContact;
use chrono::{DateTime, Utc};
use std::ops::Deref;
use std::sync::Arc;
use tokio::sync::Notify;
use uuid::Uuid;

/// Cheap to clone; one for each program.
#[derive(Clone)]
pub struct Portal(Arc<Parts>);

pub struct Parts {
    pub db: Db,
    pub clock: Arc<dyn Clock>,
    pub entropy: Entropy,
    pub keys: Keys,
    pub config: Config,
    pub assets: Assets,
    pub audit: audit::Log,
    pub mailer: Mailer,
    /// Asks for passkeys, where the portal's address allows them.
    pub relying_party: Option<RelyingParty>,
    /// Where staff sign in with the organisation's own accounts, if that is set.
    pub single_sign_on: Option<SingleSignOn>,
    /// Rung after a commit that put something into the outbox.
    pub outbox: Notify,
    /// The database holds invented people.
    pub demo: bool,
}

impl Deref for Portal {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Portal {
    pub async fn new(
        config: Config,
        db: Db,
        clock: Arc<dyn Clock>,
        entropy: Entropy,
        keys: Keys,
        assets: Assets,
        mailer: Mailer,
    ) -> Result<Self, DbError> {
        let demo: Option<(i32,)> =
            sql("select 1 from people where source = $1 limit 1").bind("demo").fetch_optional(&mut db.read().await?).await?;
        let audit = audit::Log::start(db.clone(), Arc::clone(&clock));
        let relying_party = RelyingParty::at(&config.base_url);
        if relying_party.is_none() {
            tracing::info!("passkeys are off: they need a base_url with a name, and https unless it is localhost");
        }
        Ok(Self(Arc::new(Parts {
            db,
            clock,
            entropy,
            keys,
            single_sign_on: SingleSignOn::of(&config),
            config,
            assets,
            audit,
            mailer,
            relying_party,
            outbox: Notify::new(),
            demo: demo.is_some(),
        })))
    }

    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    #[must_use]
    pub fn new_id(&self) -> Uuid {
        self.entropy.id(self.now())
    }

    #[must_use]
    pub fn hub(&self) -> HubContact {
        HubContact { phone: self.config.hub_phone.clone(), hours: self.config.hub_hours.clone() }
    }
}
