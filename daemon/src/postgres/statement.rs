//! Statements ready to be sent: prepared if the connection is a session, otherwise unnamed.

use deadpool_postgres::Object;
use futures_util::join;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row, Statement, Transaction};

use crate::sql;

/// A statement of `sql/queries` that is ready for one connection.
pub enum PreparedOrUnnamed<'a> {
    /// Prepared in the session.
    Prepared(Statement),
    /// Sent with its text and the types of its parameters each time.
    Unnamed(&'a str, Vec<Type>),
}

type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

impl<'a> PreparedOrUnnamed<'a> {
    /// Prepares a statement, unless the connection is `pooled` and therefore no session.
    ///
    /// # Errors
    /// When the database refuses or the connection breaks.
    pub async fn on(client: &Object, text: &'a str, pooled: bool) -> Result<Self, Error> {
        if pooled {
            Ok(Self::Unnamed(text, parameter_types(text)))
        } else {
            Ok(Self::Prepared(client.prepare_cached(text).await?))
        }
    }

    /// Runs the statement in a transaction. The first poll sends it.
    ///
    /// # Errors
    /// When the database refuses or the connection breaks.
    pub async fn query(&self, transaction: &Transaction<'_>, parameters: Parameters<'_>) -> Result<Vec<Row>, Error> {
        match self {
            Self::Prepared(statement) => transaction.query(statement, parameters).await,
            Self::Unnamed(text, types) => transaction.query_typed(text, &typed(parameters, types)).await,
        }
    }
}

/// Runs one statement outside a transaction. Through a pooler it is a transaction that first sets
/// what it needs, sent without waiting in between.
///
/// # Errors
/// When the database refuses or the connection breaks.
pub async fn query_once(
    client: &Object,
    text: &str,
    parameters: Parameters<'_>,
    pooled: bool,
) -> Result<Vec<Row>, Error> {
    match PreparedOrUnnamed::on(client, text, pooled).await? {
        PreparedOrUnnamed::Prepared(statement) => client.query(&statement, parameters).await,
        PreparedOrUnnamed::Unnamed(text, types) => {
            let opening = format!("BEGIN; {}", sql::SESSION_SETTINGS);
            let parameters = typed(parameters, &types);
            // `join` polls, and so sends, in this order. A COMMIT after an error is a ROLLBACK.
            let (begun, rows, committed) = join!(
                client.batch_execute(&opening),
                client.query_typed(text, &parameters),
                client.batch_execute("COMMIT")
            );
            begun?;
            let rows = rows?;
            committed.map(|()| rows)
        }
    }
}

fn typed<'a>(parameters: Parameters<'a>, types: &[Type]) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters.iter().copied().zip(types.iter().cloned()).collect()
}

/// Reads the types of `$1`, `$2`, … from the casts of the statement: `$1::uuid[]`.
fn parameter_types(text: &str) -> Vec<Type> {
    (1..)
        .map_while(|number| {
            let cast = format!("${number}::");
            let (_, rest) = text.split_once(&cast)?;
            TYPES
                .iter()
                .find(|(name, _)| rest.strip_prefix(name).is_some_and(ends_type))
                .map(|(_, named)| named.clone())
        })
        .collect()
}

fn ends_type(rest: &str) -> bool {
    !rest.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '[')
}

/// The types that our statements cast to.
const TYPES: &[(&str, Type)] = &[
    ("bigint", Type::INT8),
    ("bigint[]", Type::INT8_ARRAY),
    ("boolean", Type::BOOL),
    ("double precision", Type::FLOAT8),
    ("integer", Type::INT4),
    ("integer[]", Type::INT4_ARRAY),
    ("jsonb", Type::JSONB),
    ("jsonb[]", Type::JSONB_ARRAY),
    ("text", Type::TEXT),
    ("text[]", Type::TEXT_ARRAY),
    ("timestamptz", Type::TIMESTAMPTZ),
    ("uuid", Type::UUID),
    ("uuid[]", Type::UUID_ARRAY),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_parameter_of_every_statement_is_cast_to_a_known_type() {
        let folder = sql::FILES.get_dir("queries").expect("the folder");
        assert!(folder.files().count() > 20);
        for file in folder.files() {
            let text = file.contents_utf8().expect("text");
            let code: Vec<&str> = text.lines().filter(|line| !line.starts_with("--")).collect();
            let code = code.join("\n");
            let highest = (1..=20)
                .rev()
                .find(|number| code.contains(&format!("${number}")))
                .unwrap_or(0);
            assert_eq!(parameter_types(text).len(), highest, "{}", file.path().display());
        }
    }

    #[test]
    fn an_array_type_is_not_read_as_its_element_type() {
        assert_eq!(
            parameter_types("SELECT $1::uuid[], $2::double precision, $3::text"),
            [Type::UUID_ARRAY, Type::FLOAT8, Type::TEXT]
        );
    }
}
