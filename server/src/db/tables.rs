//! Whole tables, as the database's own catalogue knows them: for whoever carries every row and must not
//! forget a table that is new.

use super::many::leak;
use super::statement::Statement;
use super::{Connection, DbError, Many, sql};
use serde::{Deserialize, Serialize};

/// What a column holds, by the names that both databases know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    Uuid,
    Text,
    Bytea,
    Bigint,
    Boolean,
    Timestamptz,
}

impl Kind {
    fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "uuid" => Self::Uuid,
            "text" => Self::Text,
            "bytea" => Self::Bytea,
            "bigint" => Self::Bigint,
            "boolean" => Self::Boolean,
            "timestamptz" => Self::Timestamptz,
            _ => return None,
        })
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Column {
    pub name: String,
    pub kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub columns: Vec<Column>,
}

impl Table {
    /// Puts rows in, all columns in their order.
    #[must_use]
    pub fn insert(&self) -> Many {
        Many::new(leak(format!("insert into \"{}\" ({}) values {{rows}}", self.name, self.list())), self.columns.len())
    }

    pub async fn is_empty(&self, on: &mut impl Connection) -> Result<bool, DbError> {
        let row: Option<(i32,)> = sql(leak(format!("select 1 from \"{}\" limit 1", self.name))).fetch_optional(on).await?;
        Ok(row.is_none())
    }

    pub(super) fn select(&self) -> &'static str {
        leak(format!("select {} from \"{}\"", self.list(), self.name))
    }

    fn list(&self) -> String {
        let names: Vec<String> = self.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        names.join(", ")
    }
}

const COLUMNS_OF_SQLITE: &str = "select m.name, c.name, lower(c.type) from sqlite_master m join pragma_table_info(m.name) c \
     where m.type = 'table' and substr(m.name, 1, 7) <> 'sqlite_' and m.name <> '_sqlx_migrations' order by m.name, c.cid";
const COLUMNS_OF_POSTGRES: &str = "select c.table_name::text, c.column_name::text, \
       case c.data_type::text when 'timestamp with time zone' then 'timestamptz' else c.data_type::text end \
     from information_schema.columns c \
     join information_schema.tables t on t.table_schema = c.table_schema and t.table_name = c.table_name \
     where c.table_schema = current_schema() and t.table_type = 'BASE TABLE' and c.table_name <> '_sqlx_migrations' \
     order by c.table_name, c.ordinal_position";

/// Which table refers to which.
const NEEDS_OF_SQLITE: &str =
    "select m.name, f.\"table\" from sqlite_master m join pragma_foreign_key_list(m.name) f where m.type = 'table'";
const NEEDS_OF_POSTGRES: &str = "select c.relname::text, f.relname::text from pg_constraint k \
     join pg_class c on c.oid = k.conrelid join pg_class f on f.oid = k.confrelid join pg_namespace n on n.oid = c.relnamespace \
     where k.contype = 'f' and n.nspname = current_schema()";

/// Every table but the migrations' own, with its columns, in an order in which rows can be put in: by name, and
/// after those it refers to. The same on both databases.
pub async fn tables(on: &mut impl Connection) -> Result<Vec<Table>, DbError> {
    let columns: Vec<(String, String, String)> = Statement::for_each_driver(COLUMNS_OF_SQLITE, COLUMNS_OF_POSTGRES).fetch_all(on).await?;
    let needs: Vec<(String, String)> = Statement::for_each_driver(NEEDS_OF_SQLITE, NEEDS_OF_POSTGRES).fetch_all(on).await?;
    let mut tables: Vec<Table> = Vec::new();
    for (table, name, code) in columns {
        let kind =
            Kind::from_code(&code).ok_or_else(|| DbError::Unsuitable(format!("{table}.{name} is of a type not in use here: {code}")))?;
        let column = Column { name, kind };
        match tables.last_mut() {
            Some(last) if last.name == table => last.columns.push(column),
            _ => tables.push(Table { name: table, columns: vec![column] }),
        }
    }
    // PostgreSQL sorts by the rules of a language.
    tables.sort_by(|one, other| one.name.cmp(&other.name));
    in_order(tables, &needs)
}

fn in_order(mut waiting: Vec<Table>, needs: &[(String, String)]) -> Result<Vec<Table>, DbError> {
    let mut placed: Vec<Table> = Vec::with_capacity(waiting.len());
    while !waiting.is_empty() {
        let there = |name: &String| placed.iter().any(|table| table.name == *name);
        let (ready, rest): (Vec<Table>, Vec<Table>) =
            waiting.into_iter().partition(|table| needs.iter().all(|(from, to)| *from != table.name || *to == table.name || there(to)));
        if ready.is_empty() {
            return Err(DbError::Unsuitable("tables refer to each other in a circle".into()));
        }
        placed.extend(ready);
        waiting = rest;
    }
    Ok(placed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> Table {
        Table { name: name.into(), columns: vec![] }
    }

    #[test]
    fn a_table_comes_after_those_it_refers_to() {
        let needs = [("a", "c"), ("c", "d"), ("b", "b")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        let order = in_order(["a", "b", "c", "d"].map(named).to_vec(), &needs).unwrap();
        assert_eq!(order, ["b", "d", "c", "a"].map(named));
        let circle = [("a", "b"), ("b", "a")].map(|(from, to)| (from.to_owned(), to.to_owned()));
        assert!(in_order(["a", "b"].map(named).to_vec(), &circle).is_err());
    }
}
