//! A row as a line of JSON: a list in the order of the columns. Times are microseconds since 1970, bytes are base64.

use crate::db::{Kind, Table, Value};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use chrono::DateTime;
use serde_json::Value as Json;

pub fn to_json(row: Vec<Value>) -> Json {
    Json::Array(row.into_iter().map(cell).collect())
}

fn cell(value: Value) -> Json {
    match value {
        Value::Text(text) => text.map(Json::from),
        Value::Int(number) => number.map(Json::from),
        Value::Bool(flag) => flag.map(Json::from),
        Value::Id(id) => id.map(|id| Json::from(id.to_string())),
        Value::Time(at) => at.map(|at| Json::from(at.timestamp_micros())),
        Value::Bytes(bytes) => bytes.map(|bytes| Json::from(STANDARD_NO_PAD.encode(bytes))),
    }
    .unwrap_or(Json::Null)
}

/// `None` for what is no row of this table.
pub fn from_json(table: &Table, cells: Vec<Json>) -> Option<Vec<Value>> {
    if cells.len() != table.columns.len() {
        return None;
    }
    table.columns.iter().zip(cells).map(|(column, cell)| value(column.kind, cell)).collect()
}

fn value(kind: Kind, cell: Json) -> Option<Value> {
    Some(match (kind, cell) {
        (Kind::Text, Json::Null) => Value::Text(None),
        (Kind::Bigint, Json::Null) => Value::Int(None),
        (Kind::Boolean, Json::Null) => Value::Bool(None),
        (Kind::Uuid, Json::Null) => Value::Id(None),
        (Kind::Timestamptz, Json::Null) => Value::Time(None),
        (Kind::Bytea, Json::Null) => Value::Bytes(None),
        (Kind::Text, Json::String(text)) => Value::Text(Some(text)),
        (Kind::Bigint, Json::Number(number)) => Value::Int(Some(number.as_i64()?)),
        (Kind::Boolean, Json::Bool(flag)) => Value::Bool(Some(flag)),
        (Kind::Uuid, Json::String(id)) => Value::Id(Some(id.parse().ok()?)),
        (Kind::Timestamptz, Json::Number(micros)) => Value::Time(Some(DateTime::from_timestamp_micros(micros.as_i64()?)?)),
        (Kind::Bytea, Json::String(bytes)) => Value::Bytes(Some(STANDARD_NO_PAD.decode(bytes).ok()?)),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::db::Column;
    use chrono::Utc;
    use uuid::Uuid;

    fn table() -> Table {
        let kinds = [Kind::Text, Kind::Bigint, Kind::Boolean, Kind::Uuid, Kind::Timestamptz, Kind::Bytea];
        Table { name: "t".into(), columns: kinds.map(|kind| Column { name: "c".into(), kind }).to_vec() }
    }

    #[test]
    fn every_kind_comes_back_as_it_was() {
        let at = "2026-03-29T00:59:59.999999Z".parse::<DateTime<Utc>>().unwrap();
        let rows = [
            vec![
                Value::Text(Some("Tŷ Coch\0 \"北京\" 🧑🏽‍🦽\n".into())),
                Value::Int(Some(i64::MIN)),
                Value::Bool(Some(false)),
                Value::Id(Some(Uuid::from_u128(u128::MAX / 3))),
                Value::Time(Some(at)),
                Value::Bytes(Some((0..=255).collect())),
            ],
            vec![
                Value::Text(Some(String::new())),
                Value::Int(Some((1 << 53) + 1)),
                Value::Bool(Some(true)),
                Value::Id(Some(Uuid::nil())),
                Value::Time(Some(DateTime::UNIX_EPOCH)),
                Value::Bytes(Some(vec![])),
            ],
            vec![Value::Text(None), Value::Int(None), Value::Bool(None), Value::Id(None), Value::Time(None), Value::Bytes(None)],
        ];
        for row in rows {
            let line = to_json(row.clone()).to_string();
            assert!(!line.contains('\n'));
            assert_eq!(from_json(&table(), serde_json::from_str(&line).unwrap()), Some(row));
        }
    }

    #[test]
    fn what_is_no_row_of_the_table_is_refused() {
        for line in
            ["[]", "[1,1,true,null,1,null]", "[\"\",1.5,true,null,1,null]", "[\"\",1,true,\"x\",1,null]", "[\"\",1,true,null,1,\"!\"]"]
        {
            assert_eq!(from_json(&table(), serde_json::from_str(line).unwrap()), None, "{line}");
        }
    }
}
