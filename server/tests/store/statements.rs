//! One SQL text on two drivers: what goes in comes out, and a failure means the same on both.

use crate::stores::{Store, Tested, at, count, run};
use chrono::{DateTime, Duration, NaiveDate, Utc};
use server::db::{Connection, DbError, Value, sql};
use uuid::Uuid;

on_both!(
    every_kind_of_value_comes_back,
    every_kind_of_null_comes_back,
    times_sort_as_they_passed,
    an_absent_filter_filters_nothing,
    execute_one_insists_on_one_row_and_harms_nothing,
    a_missing_row_is_an_answer,
    a_value_that_is_there_already_is_a_duplicate,
    a_failed_statement_ends_its_transaction,
    a_reader_survives_a_failed_statement,
    a_reader_cannot_write,
);

#[derive(Clone, Debug, PartialEq, sqlx::FromRow)]
struct Kinds {
    n: i64,
    words: Option<String>,
    number: Option<i64>,
    flag: Option<bool>,
    id: Option<Uuid>,
    moment: Option<DateTime<Utc>>,
}

async fn scratch(store: &Store) -> Result<(), DbError> {
    run(&store.db, "create table scratch (n bigint primary key, words text, number bigint, flag boolean, id uuid, moment timestamptz)")
        .await
        .map(drop)
}

async fn insert(on: &mut impl Connection, row: &Kinds) -> Result<(), DbError> {
    sql("insert into scratch (n, words, number, flag, id, moment) values ($1, $2, $3, $4, $5, $6)")
        .bind(row.n)
        .bind(row.words.clone())
        .bind(row.number)
        .bind(row.flag)
        .bind(row.id)
        .bind(row.moment)
        .execute_one(on)
        .await
}

async fn every_kind_of_value_comes_back(store: Store) -> Tested {
    scratch(&store).await?;
    let words = [
        "",
        " ",
        "plain",
        "O'Brien; drop table scratch --",
        "Tŷ Coch",
        "北京 🧑🏽‍🦽 𝒳 \u{10ffff}",
        "line\r\nline\t\u{1}",
        "\u{202e}x",
        "$1 ? :a",
    ];
    let numbers = [0, 1, -1, i64::MAX, i64::MIN, 1 << 53, (1 << 53) + 1];
    let moments = ["1970-01-01T00:00:00Z", "2026-03-02T10:00:00.000001Z", "2026-03-29T01:00:00.5Z", "2099-12-31T23:59:59.999999Z"];
    let mut tx = store.db.write().await?;
    let mut rows = Vec::new();
    for n in 0..words.len().max(numbers.len()) {
        let row = Kinds {
            n: i64::try_from(n)?,
            words: Some(words[n % words.len()].to_owned()),
            number: Some(numbers[n % numbers.len()]),
            flag: Some(n % 2 == 0),
            id: Some(Uuid::from_u128(u128::MAX / (n as u128 + 1))),
            moment: Some(at(moments[n % moments.len()])),
        };
        insert(&mut tx, &row).await?;
        rows.push(row);
    }
    tx.commit().await?;
    let found: Vec<Kinds> = sql("select * from scratch order by n").fetch_all(&mut store.db.read().await?).await?;
    assert_eq!(found, rows);
    for row in rows {
        let same: Option<Kinds> =
            sql("select * from scratch where n = $1 and words = $2 and number = $3 and flag = $4 and id = $5 and moment = $6")
                .bind(row.n)
                .bind(row.words.clone())
                .bind(row.number)
                .bind(row.flag)
                .bind(row.id)
                .bind(row.moment)
                .fetch_optional(&mut store.db.read().await?)
                .await?;
        assert_eq!(same.as_ref(), Some(&row), "a stored value is equal to itself");
    }
    // A date goes in as text.
    let day = NaiveDate::from_ymd_opt(2026, 2, 28);
    assert!(matches!(Value::from(day), Value::Text(Some(text)) if text == "2026-02-28"));
    Ok(())
}

async fn every_kind_of_null_comes_back(store: Store) -> Tested {
    scratch(&store).await?;
    let row = Kinds { n: 1, words: None, number: None, flag: None, id: None, moment: None };
    let mut tx = store.db.write().await?;
    insert(&mut tx, &row).await?;
    tx.commit().await?;
    let found: Kinds = sql("select * from scratch").fetch_one(&mut store.db.read().await?).await?;
    assert_eq!(found, row);
    let absent = "select count(*) from scratch where words is null and number is null and flag is null and id is null and moment is null";
    assert_eq!(count(&store.db, absent).await?, 1);
    Ok(())
}

async fn times_sort_as_they_passed(store: Store) -> Tested {
    scratch(&store).await?;
    let start = at("2026-03-29T00:59:59Z");
    let mut moments = vec![at("1970-01-01T00:00:00Z"), at("1999-12-31T23:59:59.9Z"), at("2099-01-01T00:00:00.000010Z")];
    for micros in [0, 1, 9, 10, 999, 1_000, 1_001, 99_999, 100_000, 100_001, 500_000, 999_000, 999_999, 1_000_000, 1_000_001, 3_600_000_000]
    {
        moments.push(start + Duration::microseconds(micros));
    }
    moments.sort_unstable();
    let mut tx = store.db.write().await?;
    // Not stored in their order.
    for (n, moment) in moments.iter().enumerate().map(|(n, moment)| ((n * 7) % moments.len(), moment)).collect::<Vec<_>>() {
        let row = Kinds { n: i64::try_from(n)?, words: None, number: None, flag: None, id: None, moment: Some(*moment) };
        insert(&mut tx, &row).await?;
    }
    tx.commit().await?;
    let mut reader = store.db.read().await?;
    let found: Vec<(DateTime<Utc>,)> = sql("select moment from scratch order by moment").fetch_all(&mut reader).await?;
    assert_eq!(found.into_iter().map(|(moment,)| moment).collect::<Vec<_>>(), moments);
    for (place, moment) in moments.iter().enumerate() {
        let (before,): (i64,) = sql("select count(*) from scratch where moment < $1").bind(*moment).fetch_one(&mut reader).await?;
        let (until,): (i64,) = sql("select count(*) from scratch where moment <= $1").bind(*moment).fetch_one(&mut reader).await?;
        assert_eq!((before, until), (i64::try_from(place)?, i64::try_from(place + 1)?), "{moment}");
    }
    Ok(())
}

async fn an_absent_filter_filters_nothing(store: Store) -> Tested {
    scratch(&store).await?;
    let moment = at("2026-03-02T10:00:00Z");
    let mut tx = store.db.write().await?;
    for n in 0..4_u8 {
        let row = Kinds {
            n: i64::from(n),
            words: Some(format!("w{n}")),
            number: Some(i64::from(n)),
            flag: Some(n == 0),
            id: Some(Uuid::from_u128(u128::from(n))),
            moment: Some(moment + Duration::seconds(i64::from(n))),
        };
        insert(&mut tx, &row).await?;
    }
    tx.commit().await?;
    let mut reader = store.db.read().await?;
    let filters: [(&'static str, Value, Value); 5] = [
        ("select n from scratch where ($1 is null or words = $1)", Value::Text(None), "w0".into()),
        ("select n from scratch where ($1 is null or number = $1)", Value::Int(None), 0.into()),
        ("select n from scratch where ($1 is null or flag = $1)", Value::Bool(None), true.into()),
        ("select n from scratch where ($1 is null or id = $1)", Value::Id(None), Uuid::nil().into()),
        ("select n from scratch where ($1 is null or moment = $1)", Value::Time(None), moment.into()),
    ];
    for (text, absent, present) in filters {
        let all: Vec<(i64,)> = sql(text).bind(absent).fetch_all(&mut reader).await?;
        assert_eq!(all.len(), 4, "{text}");
        let one: Vec<(i64,)> = sql(text).bind(present).fetch_all(&mut reader).await?;
        assert_eq!(one, [(0,)], "{text}");
    }
    Ok(())
}

async fn execute_one_insists_on_one_row_and_harms_nothing(store: Store) -> Tested {
    scratch(&store).await?;
    run(&store.db, "insert into scratch (n, number) values (1, 0), (2, 0)").await?;
    let mut tx = store.db.write().await?;
    let none = sql("update scratch set number = 9 where n = 7").execute_one(&mut tx).await;
    assert!(matches!(none, Err(DbError::Conflict { rows: 0 })));
    let both = sql("update scratch set number = 9").execute_one(&mut tx).await;
    assert!(matches!(both, Err(DbError::Conflict { rows: 2 })));
    sql("update scratch set number = 5 where n = 1").execute_one(&mut tx).await?;
    tx.commit().await?;
    // A conflict is an answer: what to do with the change is for the caller to say.
    assert_eq!(count(&store.db, "select count(*) from scratch where (n = 1 and number = 5) or (n = 2 and number = 9)").await?, 2);
    Ok(())
}

async fn a_missing_row_is_an_answer(store: Store) -> Tested {
    let mut tx = store.db.write().await?;
    let none: Option<(String,)> = sql("select name from staff").fetch_optional(&mut tx).await?;
    assert_eq!(none, None);
    let none: Result<(String,), _> = sql("select name from staff").fetch_one(&mut tx).await;
    assert!(matches!(none, Err(DbError::Driver(sqlx::Error::RowNotFound))));
    crate::stores::pair_in(&mut tx, 1).await?;
    tx.commit().await?;
    assert_eq!(crate::stores::pairs(&store.db).await?, [1]);
    Ok(())
}

async fn a_value_that_is_there_already_is_a_duplicate(store: Store) -> Tested {
    scratch(&store).await?;
    run(&store.db, "create unique index scratch_words on scratch (words) where flag").await?;
    run(&store.db, "insert into scratch (n, words, flag) values (1, 'a', true)").await?;
    for (text, name) in [
        ("insert into scratch (n) values (1)", "scratch"),
        ("insert into scratch (n, words, flag) values (2, 'a', true)", "scratch"),
        ("insert into audit_head (chain, seq, hash) values (1, 0, '')", "audit_head"),
    ] {
        let mut tx = store.db.write().await?;
        match sql(text).execute(&mut tx).await {
            Err(DbError::Duplicate(what)) => assert!(what.contains(name), "{what}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    // Other broken rules are not duplicates.
    let mut tx = store.db.write().await?;
    let orphan = sql("insert into notes (note_id, request_id, submission_id, staff_id, body, written_at) values ($1, $1, $1, $1, '', $2)")
        .bind(Uuid::nil())
        .bind(at("2026-03-02T10:00:00Z"))
        .execute(&mut tx)
        .await;
    assert!(matches!(orphan, Err(DbError::Driver(_))), "{orphan:?}");
    Ok(())
}

/// The same on both: SQLite could go on and PostgreSQL could not, so neither does.
async fn a_failed_statement_ends_its_transaction(store: Store) -> Tested {
    scratch(&store).await?;
    run(&store.db, "insert into scratch (n) values (1)").await?;
    for broken in [
        "insert into scratch (n) values (1)",
        "select nothing from nowhere",
        "insert into audit_head (chain, seq, hash) values (2, null, '')",
    ] {
        let mut tx = store.db.write().await?;
        sql("insert into scratch (n) values (2)").execute_one(&mut tx).await?;
        assert!(sql(broken).execute(&mut tx).await.is_err(), "{broken}");
        let next = sql("insert into scratch (n) values (3)").execute(&mut tx).await;
        assert!(matches!(next, Err(DbError::NotDurable(_))), "{broken}: {next:?}");
        let seen: Result<Vec<(i64,)>, _> = sql("select n from scratch").fetch_all(&mut tx).await;
        assert!(matches!(seen, Err(DbError::NotDurable(_))), "{broken}");
        let committed = tx.commit().await;
        assert!(matches!(committed, Err(DbError::NotDurable(_))), "{broken}: {committed:?}");
        assert_eq!(count(&store.db, "select count(*) from scratch").await?, 1, "{broken}");
    }
    // The next transaction knows nothing of it.
    run(&store.db, "insert into scratch (n) values (2)").await?;
    Ok(())
}

async fn a_reader_survives_a_failed_statement(store: Store) -> Tested {
    let mut reader = store.db.read().await?;
    assert!(sql("select nothing from nowhere").execute(&mut reader).await.is_err());
    let (head,): (i64,) = sql("select seq from audit_head").fetch_one(&mut reader).await?;
    assert_eq!(head, 0);
    Ok(())
}

async fn a_reader_cannot_write(store: Store) -> Tested {
    let mut reader = store.db.read().await?;
    let written = sql("update audit_head set seq = 9").execute(&mut reader).await;
    assert!(written.is_err(), "{} took a write through a reader", store.db.kind());
    assert_eq!(count(&store.db, "select seq from audit_head").await?, 0);
    Ok(())
}
