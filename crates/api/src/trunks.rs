//! Trunks: SIP peers for outside calls, known by the networks they call from.

use crate::{
    body::{Json, Parameters},
    identity::Principal,
    lists::{List, Paging},
    nouns::{Faults, apply, found},
    problem::{Problem, ProblemDocument},
    state::Site,
    wording::Code,
};
use axum::{
    extract::{Path, State},
    http::StatusCode,
};
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use store::Trunk;
use utoipa::ToSchema;
use vocab::TrunkId;

/// Networks of one trunk; carriers name a handful.
const NETWORKS_MAX: usize = 256;

/// A trunk.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Trunk)]
pub struct TrunkItem {
    /// Its name.
    #[schema(value_type = String)]
    trunk: TrunkId,
    #[serde(flatten)]
    body: TrunkBody,
}

/// A trunk without its name, which stands in the path.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrunkBody {
    /// Networks from which its calls are taken without a password ("127.0.0.0/8").
    networks: Vec<String>,
}

impl From<Trunk> for TrunkItem {
    fn from(Trunk { trunk, networks }: Trunk) -> TrunkItem {
        TrunkItem { trunk, body: TrunkBody { networks } }
    }
}

/// Whether a text is "address/prefix length" (or an address alone), and not the whole internet: calls from a trunk's
/// networks are believed without a password.
fn is_network(text: &str) -> bool {
    let (address, length) = text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
    let Ok(address) = address.parse::<IpAddr>() else { return false };
    let bits: u8 = if address.is_ipv4() { 32 } else { 128 };
    length.is_none_or(|length| length.parse().is_ok_and(|length: u8| (1..=bits).contains(&length)))
}

/// All trunks.
#[utoipa::path(get, path = "/trunks", tag = "trunks", params(Paging), responses((status = 200, body = List<TrunkItem>)))]
pub async fn list(
    State(site): Site,
    Parameters(paging): Parameters<Paging>,
) -> Result<axum::Json<List<TrunkItem>>, Problem> {
    let trunks = site.store().trunks().list(&paging.into()).await?;
    Ok(axum::Json(List::of(trunks, TrunkItem::from)))
}

/// One trunk.
#[utoipa::path(get, path = "/trunks/{trunk}", tag = "trunks", params(("trunk" = String, Path)), responses(
    (status = 200, body = TrunkItem), (status = 404, body = ProblemDocument)
))]
pub async fn get(State(site): Site, Path(trunk): Path<String>) -> Result<axum::Json<TrunkItem>, Problem> {
    Ok(axum::Json(found(site.store().trunks().get(&trunk).await?)?.into()))
}

/// Add or change a trunk.
#[utoipa::path(put, path = "/trunks/{trunk}", tag = "trunks", params(("trunk" = String, Path)), request_body = TrunkBody,
    responses((status = 200, body = TrunkItem), (status = 422, body = ProblemDocument)))]
pub async fn put(
    State(site): Site,
    principal: Principal,
    Path(trunk): Path<String>,
    Json(TrunkBody { networks }): Json<TrunkBody>,
) -> Result<axum::Json<TrunkItem>, Problem> {
    let mut faults = Faults::default();
    faults.key("trunk", &trunk);
    faults.within("networks", networks.len() as u64, 1, NETWORKS_MAX as u64);
    let (zh, en) = ("须为“地址/前缀长度”，例如 192.0.2.0/24。", "Must be address/prefix length, as in 192.0.2.0/24.");
    faults.unless(networks.iter().all(|network| is_network(network)), "networks", "network", zh, en);
    faults.none()?;
    let item = Trunk { trunk: TrunkId::new(trunk), networks };
    site.store().trunks().put(&principal.actor(), &item).await?;
    apply(&site).await?;
    Ok(axum::Json(item.into()))
}

/// Remove a trunk.
#[utoipa::path(delete, path = "/trunks/{trunk}", tag = "trunks", params(("trunk" = String, Path)), responses(
    (status = 204), (status = 404, body = ProblemDocument)
))]
pub async fn delete(State(site): Site, principal: Principal, Path(trunk): Path<String>) -> Result<StatusCode, Problem> {
    site.store().trunks().delete(&principal.actor(), &trunk).await?.ok_or(Code::NotFound)?;
    apply(&site).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_an_address_with_a_length_and_never_the_whole_internet() {
        for (text, right) in [
            ("127.0.0.0/8", true),
            ("192.0.2.7", true),
            ("2001:db8::/32", true),
            ("0.0.0.0/0", false),
            ("::/0", false),
            ("192.0.2.0/33", false),
            ("192.0.2.0/", false),
            ("carrier.example", false),
            ("", false),
        ] {
            assert_eq!(is_network(text), right, "{text}");
        }
    }
}
