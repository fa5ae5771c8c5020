//! The statements, each for one table.
//!
//! A row's own clock is the server's: `clock_timestamp()` where a single row is asked for, `now()` where an index on the
//! end serves, which needs one time for the whole statement. Several rows are locked in the order of their bytes by
//! everyone, so that no two writers wait for each other.

use sqlx::{AssertSqlSafe, SqlSafeStr, SqlStr};

use super::name::TableName;

/// How many rows a purge frees, and a clear deletes, in one transaction: so few that nobody waits long for them.
pub(super) const BATCH: i64 = 1_000;

/// A row is live when it has no end or one to come.
const LIVE: &str = "(t.expires_at IS NULL OR t.expires_at > clock_timestamp())";

const UPSERT: &str = "ON CONFLICT (namespace, key) \
                      DO UPDATE SET entry = excluded.entry, expires_at = excluded.expires_at";

pub(super) struct Statements {
    /// `$1` namespace, `$2` key: entry, its end, now.
    pub(super) get: SqlStr,
    /// `$1` namespaces, `$2` keys: the place in those, entry, its end, now.
    pub(super) get_many: SqlStr,
    /// `$1` namespace, `$2` key: its end, now.
    pub(super) ttl: SqlStr,
    /// `$1` namespace, `$2` key, `$3` entry, `$4` microseconds to live.
    pub(super) set: SqlStr,
    /// The same as arrays.
    pub(super) set_many: SqlStr,
    /// `$1` namespace, `$2` key, `$3` microseconds to live.
    pub(super) prolong: SqlStr,
    /// `$1` namespace, `$2` key.
    pub(super) delete: SqlStr,
    /// The same as arrays.
    pub(super) delete_many: SqlStr,
    /// `$1` namespace, `$2` the key to begin with: how many were deleted, the last key.
    pub(super) clear: SqlStr,
    /// `$1` namespace: how many were freed.
    pub(super) purge: SqlStr,
    /// `$1` namespace, `$2` what others begin with: how many were freed.
    pub(super) purge_own: SqlStr,
}

impl Statements {
    pub(super) fn of(table: &TableName) -> Self {
        // The table is a quoted identifier; everything else that varies is a parameter.
        let safe = |sql: String| AssertSqlSafe(sql).into_sql_str().clone();
        let end = |microseconds: &str| {
            format!("clock_timestamp() + {microseconds} * interval '1 microsecond'")
        };
        let insert = format!("INSERT INTO {table} AS t (namespace, key, entry, expires_at)");
        let delete_locked = |name: &str| {
            format!(
                "DELETE FROM {table} AS t USING {name} AS d WHERE t.namespace = d.namespace AND t.key = d.key"
            )
        };
        let locked = format!(
            "SELECT t.namespace, t.key FROM {table} AS t JOIN unnest($1::text[], $2::text[]) AS q (n, k) \
             ON t.namespace = q.n AND t.key = q.k \
             ORDER BY t.namespace COLLATE \"C\", t.key COLLATE \"C\" FOR UPDATE OF t"
        );
        let purge = |condition: &str| {
            safe(format!(
                "WITH d AS (SELECT t.namespace, t.key FROM {table} AS t \
                 WHERE {condition} AND t.expires_at <= now() \
                 ORDER BY t.expires_at LIMIT {BATCH} FOR UPDATE SKIP LOCKED), \
                 gone AS ({} RETURNING 1) SELECT count(*) FROM gone",
                delete_locked("d")
            ))
        };
        Self {
            get: safe(format!(
                "SELECT t.entry, t.expires_at, clock_timestamp() FROM {table} AS t \
                 WHERE t.namespace = $1 AND t.key = $2 AND {LIVE}"
            )),
            get_many: safe(format!(
                "SELECT q.i, t.entry, t.expires_at, clock_timestamp() \
                 FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS q (n, k, i) \
                 JOIN {table} AS t ON t.namespace = q.n AND t.key = q.k WHERE {LIVE}"
            )),
            ttl: safe(format!(
                "SELECT t.expires_at, clock_timestamp() FROM {table} AS t \
                 WHERE t.namespace = $1 AND t.key = $2 AND {LIVE}"
            )),
            set: safe(format!(
                "{insert} VALUES ($1, $2, $3, {}) {UPSERT}",
                end("$4")
            )),
            set_many: safe(format!(
                "{insert} SELECT q.n, q.k, q.e, {} \
                 FROM unnest($1::text[], $2::text[], $3::bytea[], $4::bigint[]) AS q (n, k, e, us) {UPSERT}",
                end("q.us")
            )),
            prolong: safe(format!(
                "UPDATE {table} AS t SET expires_at = {} \
                 WHERE t.namespace = $1 AND t.key = $2 AND {LIVE}",
                end("$3")
            )),
            delete: safe(format!(
                "DELETE FROM {table} AS t WHERE t.namespace = $1 AND t.key = $2"
            )),
            delete_many: safe(format!("WITH d AS ({locked}) {}", delete_locked("d"))),
            clear: safe(format!(
                "WITH d AS (SELECT t.namespace, t.key FROM {table} AS t \
                 WHERE t.namespace = $1 AND t.key >= $2 ORDER BY t.key LIMIT {BATCH} FOR UPDATE), \
                 gone AS ({} RETURNING t.key) SELECT count(*), max(key) FROM gone",
                delete_locked("d")
            )),
            purge: purge("t.namespace = $1"),
            purge_own: purge("(t.namespace = $1 OR starts_with(t.namespace, $2))"),
        }
    }
}

/// What a table of this store is like: `$1` its name. No row when there is none, else what it is, its columns for
/// people, and whether it fits: our four columns, no others that must be filled, and no two rows of one key.
pub(super) const DESCRIBE: &str = "\
    SELECT c.relkind::text, \
    (SELECT string_agg(quote_ident(a.attname) || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum) \
     FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), \
    (SELECT count(*) FROM pg_attribute a \
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
     AND (a.attname::text, format_type(a.atttypid, a.atttypmod)) IN \
     (('namespace', 'text'), ('key', 'text'), ('entry', 'bytea'), ('expires_at', 'timestamp with time zone'))) = 4 \
    AND NOT EXISTS (SELECT FROM pg_attribute a \
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnotnull \
     AND NOT a.atthasdef AND a.attidentity = '' AND a.attname::text NOT IN ('namespace', 'key', 'entry')), \
    EXISTS (SELECT FROM pg_index i \
     WHERE i.indrelid = c.oid AND i.indisunique AND i.indimmediate AND i.indisvalid \
     AND i.indpred IS NULL AND i.indnatts = 2 \
     AND (SELECT count(*) FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (i.indkey) \
          AND a.attname::text IN ('namespace', 'key')) = 2) \
    FROM pg_class c WHERE c.oid = to_regclass($1)";

/// Makes the table, which must not be there. Its texts are compared by their bytes, whatever the database does.
pub(super) fn create(table: &TableName, unlogged: bool) -> SqlStr {
    let kind = if unlogged { "UNLOGGED TABLE" } else { "TABLE" };
    AssertSqlSafe(format!(
        "CREATE {kind} {table} (\
         namespace text COLLATE \"C\" NOT NULL, key text COLLATE \"C\" NOT NULL, \
         entry bytea NOT NULL, expires_at timestamptz, PRIMARY KEY (namespace, key)); \
         CREATE INDEX ON {table} (expires_at, namespace)"
    ))
    .into_sql_str()
}
