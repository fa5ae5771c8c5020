//! Entries in a table of PostgreSQL, shared by every process that uses the table.
//!
//! ```sql
//! CREATE UNLOGGED TABLE cachestack (
//!     namespace  text COLLATE "C" NOT NULL,  -- with %, / and control characters percent-escaped
//!     key        text COLLATE "C" NOT NULL,  -- as it is, or %~ and a digest: over 1 KiB, or with a NUL
//!     entry      bytea NOT NULL,             -- one line that people can read, then the payload
//!     expires_at timestamptz,                -- by the server's clock; none: no end
//!     PRIMARY KEY (namespace, key)
//! );
//! CREATE INDEX ON cachestack (expires_at, namespace);
//! ```
//!
//! | file | what is in it |
//! |---|---|
//! | `config.rs` | [`PostgresConfig`], [`PostgresBuilder`] |
//! | `backend.rs` | [`PostgresBackend`]: the contract, each operation as a task on the I/O thread |
//! | `caller.rs` | what happens before and after that task, on the caller's side |
//! | `store.rs` | what the operations ask the server |
//! | `ask.rs` | one request: on which connection, in which transaction, and what is tried when it fails |
//! | `pool.rs` | the connections |
//! | `lease.rs` | one of them, for one operation |
//! | `table.rs` | the table: made, checked, found missing |
//! | `sql.rs` | the statements |
//! | `row.rs` | rows to what they mean |
//! | `upkeep.rs` | what happens in the background |
//! | `address.rs` | the address, read and checked |
//! | `name.rs` | the table's name as an identifier |
//! | `error.rs` | what was refused, and what helps against it |

mod address;
mod ask;
mod backend;
mod caller;
mod config;
mod error;
mod lease;
mod name;
mod pool;
mod row;
mod sql;
mod store;
mod table;
mod upkeep;

pub use self::backend::PostgresBackend;
pub use self::config::{PostgresBuilder, PostgresConfig};
