//! Runs the statements of `sql/queries`: prepared if the connection is a session, otherwise
//! unnamed.

use deadpool_postgres::{Object, Transaction};
use futures_util::join;
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{Error, Row};

use crate::sql;

/// The parameters of a statement.
pub type Parameters<'a> = &'a [&'a (dyn ToSql + Sync)];

/// Runs one statement outside a transaction. `pooled` connections go through a transaction pooler:
/// there the statement is in a transaction that first sets what it needs, and all is sent without
/// waiting in between.
///
/// # Errors
/// When the database refuses or the connection breaks.
pub async fn query_once(
    client: &Object,
    text: &str,
    parameters: Parameters<'_>,
    pooled: bool,
) -> Result<Vec<Row>, Error> {
    if !pooled {
        let statement = client.prepare_cached(text).await?;
        return client.query(&statement, parameters).await;
    }
    let opening = format!("BEGIN; {}", sql::SESSION_SETTINGS);
    let parameters = typed(text, parameters);
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

/// Runs two statements, one after the other, each in a transaction of its own, without waiting in
/// between. Either may be refused without the other.
///
/// # Errors
/// When the statements cannot be prepared.
pub async fn query_both(
    client: &Object,
    statements: [(&str, Parameters<'_>); 2],
    pooled: bool,
) -> Result<[Result<Vec<Row>, Error>; 2], Error> {
    let [(first, first_parameters), (second, second_parameters)] = statements;
    if !pooled {
        // Prepared first, so that the first poll of each query sends it.
        client.prepare_cached(first).await?;
        client.prepare_cached(second).await?;
    }
    let (first, second) = join!(
        query_once(client, first, first_parameters, pooled),
        query_once(client, second, second_parameters, pooled)
    );
    Ok([first, second])
}

/// Runs a statement in a transaction. The first poll sends it if the connection has prepared it
/// before, or is `pooled`.
///
/// # Errors
/// When the database refuses or the connection breaks.
pub async fn query_in(
    transaction: &Transaction<'_>,
    text: &str,
    parameters: Parameters<'_>,
    pooled: bool,
) -> Result<Vec<Row>, Error> {
    if pooled {
        transaction.query_typed(text, &typed(text, parameters)).await
    } else {
        let statement = transaction.prepare_cached(text).await?;
        transaction.query(&statement, parameters).await
    }
}

fn typed<'a>(text: &str, parameters: Parameters<'a>) -> Vec<(&'a (dyn ToSql + Sync), Type)> {
    parameters.iter().copied().zip(parameter_types(text)).collect()
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
