//! `clear`: all keys of one namespace, a page at a time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fred::clients::Client;
use fred::error::Error as Refusal;
use fred::interfaces::{ClientLike, ClusterInterface, KeysInterface};
use fred::types::Value;
use fred::types::config::{Options, Server};

use super::commands::unlink;
use super::link::{Kind, Link};
use crate::error::{Error, ErrorKind, Result};

/// How many keys the server looks at for one page.
const PAGE: u32 = 1000;

/// Deletes what begins with `prefix`, on each node that holds keys. Each step may take so long as any operation.
pub(super) async fn clear(
    link: Arc<Link>,
    prefix: String,
    limit: Duration,
    cluster: bool,
) -> Result<()> {
    let turn = link.turn(Kind::Read).await?;
    let nodes = nodes(turn.client(), cluster);
    turn.end(Ok(()))?;
    for node in nodes {
        clear_node(&link, &prefix, limit, node.as_ref()).await?;
    }
    Ok(())
}

/// The primaries of a cluster; else the one there is.
fn nodes(client: &Client, cluster: bool) -> Vec<Option<Server>> {
    let primaries = cluster.then(|| client.cached_cluster_state()).flatten();
    match primaries {
        Some(state) => state.unique_primary_nodes().into_iter().map(Some).collect(),
        None => vec![None],
    }
}

async fn clear_node(
    link: &Arc<Link>,
    prefix: &str,
    limit: Duration,
    node: Option<&Server>,
) -> Result<()> {
    let pattern = pattern(prefix);
    let mut cursor = String::from("0");
    loop {
        let turn = link.turn(Kind::Write).await?;
        let step = step(turn.client(), &cursor, &pattern, prefix, node);
        // Cut off, the turn closes its connection.
        let stepped = tokio::time::timeout(limit, step).await;
        let stepped = stepped
            .map_err(|_| Error::new(ErrorKind::Timeout, format!("no answer within {limit:?}")))?;
        cursor = turn.end(stepped)?;
        if cursor == "0" {
            return Ok(());
        }
    }
}

/// One page: looks it through, deletes what is to go, and gives the cursor of the next.
async fn step(
    client: &Client,
    cursor: &str,
    pattern: &str,
    prefix: &str,
    node: Option<&Server>,
) -> Result<String, Refusal> {
    let options = Options {
        cluster_node: node.cloned(),
        ..Options::default()
    };
    let there = client.with_options(&options);
    let page: Value = there.scan_page(cursor, pattern, Some(PAGE), None).await?;
    let (cursor, keys) = page.convert::<(String, Vec<Bytes>)>()?;
    // What is deleted is decided here, whatever the server takes the pattern for.
    let keys: Vec<Bytes> = keys
        .into_iter()
        .filter(|key| key.starts_with(prefix.as_bytes()))
        .collect();
    if !keys.is_empty() {
        unlink(client, &keys, node.is_some()).await?;
    }
    Ok(cursor)
}

/// The prefix with what a pattern means something by escaped, then anything.
fn pattern(prefix: &str) -> String {
    let mut pattern = String::with_capacity(prefix.len() + 8);
    for c in prefix.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('*');
    pattern
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_means_its_prefix_alone() {
        assert_eq!(pattern("shop/"), "shop/*");
        assert_eq!(pattern(r"a*b?c[d]e\f^g-h/"), r"a\*b\?c\[d\]e\\f^g-h/*");
    }
}
