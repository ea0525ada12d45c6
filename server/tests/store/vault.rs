//! Data keys and master keys: rotation in the middle of anything, and files that do not belong.

use crate::program::Program;
use crate::stores::{Store, Tested, count};
use server::db::Db;
use server::entropy::Entropy;
use server::people;
use server::vault::{Masters, Vault, rotate};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

on_both!(a_rotation_cut_off_anywhere_loses_nothing_and_goes_on);

const PEOPLE: usize = 450;

/// As many people as take several transactions to wrap again; their names.
async fn fill(store: &Store, vault: &Vault) -> Result<Vec<(uuid::Uuid, String)>, crate::stores::Failed> {
    let entropy = Entropy::seeded(5);
    let mut tx = store.db.write().await?;
    let mut made = Vec::new();
    for n in 0..PEOPLE {
        let owner = entropy.id(crate::stores::monday());
        let key = vault.make(&mut tx, &entropy, owner, crate::stores::monday()).await?;
        made.push((owner, key.seal(&entropy, server::vault::Field::PersonName, owner, &format!("Name {n}"))));
    }
    tx.commit().await?;
    Ok(made)
}

async fn all_open(db: &Db, vault: &Vault, made: &[(uuid::Uuid, String)]) -> Tested {
    let mut reader = db.read().await?;
    for (n, (owner, sealed)) in made.iter().enumerate() {
        let name = vault.key(&mut reader, *owner).await?.open(server::vault::Field::PersonName, *owner, sealed)?;
        assert_eq!(name, format!("Name {n}"));
    }
    Ok(())
}

async fn a_rotation_cut_off_anywhere_loses_nothing_and_goes_on(store: Store) -> Tested {
    let path = store.folder().join("portal.master");
    let vault = Vault::from_file(&path, true, &Entropy::seeded(1))?;
    let running = Vault::from_file(&path, false, &Entropy::seeded(2))?;
    let made = fill(&store, &vault).await?;
    let first = Masters::read(&path)?.newest().to_owned();
    for cut in 0..8u64 {
        let entropy = Entropy::seeded(100 + cut);
        let limit = Duration::from_millis(3 + 9 * cut);
        // Dropped wherever it is by then.
        drop(tokio::time::timeout(limit, rotate(&vault, &path, &store.db, &entropy, crate::stores::monday())).await);
        // Another program, started before any of this, finds the newer master keys by itself.
        all_open(&store.db, &running, &made).await?;
    }
    let masters_before = std::fs::read_to_string(&path)?.lines().count();
    let done = rotate(&vault, &path, &store.db, &Entropy::seeded(9), crate::stores::monday()).await?;
    if done.went_on {
        assert_eq!(std::fs::read_to_string(&path)?.lines().count(), masters_before, "an ended rotation makes no second key");
    }
    all_open(&store.db, &running, &made).await?;
    let newest = Masters::read(&path)?.newest().to_owned();
    assert_eq!(done.master, newest);
    assert_ne!(newest, first);
    let again = rotate(&vault, &path, &store.db, &Entropy::seeded(10), crate::stores::monday()).await?;
    assert!(!again.went_on && again.rewrapped == PEOPLE as u64, "{again:?}");
    assert_eq!(count(&store.db, "select count(*) from data_keys").await?, i64::try_from(PEOPLE)?);
    // The first master key alone opens nothing any more.
    let text = std::fs::read_to_string(&path)?;
    let oldest = text.lines().find(|line| line.starts_with(&first)).expect("it is kept for old backups").to_owned();
    std::fs::write(&path, format!("{oldest}\n"))?;
    let old = Vault::from_file(&path, false, &Entropy::seeded(3))?;
    assert!(old.check(&mut store.db.read().await?).await.is_err());
    Ok(())
}

/// The real program, killed while it rotates.
#[tokio::test]
async fn a_killed_rotation_leaves_every_name_readable() -> Tested {
    let program = Program::new()?;
    let seeded = program.run(&["seed", "--demo", "--cases", "60"])?;
    assert!(seeded.ok, "{}", seeded.err);
    let owners = |text: &str| text.matches("data_keys: ").count();
    let held = owners(&program.dump().await?);
    assert!(held > 10, "{held}");
    for wait in [2u64, 6, 12, 20, 30] {
        let mut child = program
            .command(Path::new(env!("CARGO_BIN_EXE_portal")), &["keys", "rotate"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        child.kill()?; // SIGKILL
        child.wait()?;
    }
    let said = program.run(&["keys", "rotate"])?;
    assert!(said.ok && said.out.contains(" data keys wrapped with master key "), "{}{}", said.out, said.err);
    assert_eq!(owners(&program.dump().await?), held);
    let sound = program.run(&["audit", "verify"])?;
    assert!(sound.ok, "{}", sound.err);
    // What was sealed before opens after: the portal's own start looks at it, and so does a second person.
    let db = Db::open(&format!("sqlite://{}", program.database().display())).await?;
    let vault = Vault::from_file(&program.folder.path().join("portal.master"), false, &Entropy::System)?;
    let mut reader = db.read().await?;
    let rows: Vec<(uuid::Uuid,)> = server::db::sql("select person_id from people").fetch_all(&mut reader).await?;
    assert_eq!(rows.len(), 7);
    for (person,) in rows {
        let key = vault.key(&mut reader, person).await?;
        assert!(people::name(&mut reader, &key).await?.contains(' '));
    }
    Ok(())
}

/// A key file that is lost or mixed up is an error that says what to do, and is never replaced by a new one.
#[tokio::test]
async fn without_its_key_files_nothing_starts_and_nothing_is_made() -> Tested {
    let program = Program::new()?;
    assert!(program.run(&["seed", "--demo", "--cases", "60"])?.ok);
    let folder = program.folder.path();
    for name in ["portal.master", "portal.key"] {
        let (there, away) = (folder.join(name), folder.join("away"));
        std::fs::rename(&there, &away)?;
        let said = program.run(&["keys", "rotate"])?;
        assert!(!said.ok && said.err.contains(name) && said.err.contains("put it back"), "{}", said.err);
        assert!(!there.exists(), "no new {name} was made");
        std::fs::rename(&away, &there)?;
    }
    let other = Program::new()?;
    assert!(other.run(&["seed", "--demo", "--cases", "60"])?.ok);
    std::fs::copy(other.folder.path().join("portal.master"), folder.join("portal.master"))?;
    let said = program.run(&["keys", "rotate"])?;
    assert!(!said.ok && said.err.contains("the master key file does not belong to this database"), "{}", said.err);
    // The other of the two, with the right master keys.
    let third = Program::new()?;
    assert!(third.run(&["seed", "--demo", "--cases", "60"])?.ok);
    std::fs::copy(other.folder.path().join("portal.key"), third.folder.path().join("portal.key"))?;
    let said = third.run(&["keys", "rotate"])?;
    assert!(!said.ok && said.err.contains("the secret key file does not belong to this database"), "{}", said.err);
    Ok(())
}
