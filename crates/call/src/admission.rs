//! Which arriving calls are taken, and where their number leads. Knows numbers and trunks, no SIP.

use std::{collections::BTreeMap, net::IpAddr};
use vocab::{Direction, ExtensionId, FlowId, PhoneNumber, SourceAddress, TrunkId};

/// A dialable number.
#[derive(Clone, Debug)]
pub struct Number {
    /// As dialled.
    pub number: PhoneNumber,
    /// Where it leads.
    pub destination: Destination,
    /// Trunk callers may dial it; otherwise only extensions.
    pub public: bool,
}

/// Where a number leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// An IVR document (a queue's number leads to a document of one queue node).
    Flow(FlowId),
    /// An extension.
    Extension(ExtensionId),
}

/// A SIP peer for outside calls.
#[derive(Clone, Debug)]
pub struct Trunk {
    /// Its name.
    pub trunk: TrunkId,
    /// Source networks from which its calls are taken without a password: address and prefix length.
    pub networks: Vec<(IpAddr, u8)>,
}

/// A call at the door.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// The extension whose digest credentials were right, if any came.
    pub extension: Option<ExtensionId>,
    /// Where the INVITE came from.
    pub source: SourceAddress,
    /// The number called.
    pub called: PhoneNumber,
}

/// The verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Admission {
    /// Take it.
    Take {
        /// Which way it goes.
        direction: Direction,
        /// The trunk it came by.
        trunk: Option<TrunkId>,
        /// Where it leads.
        destination: Destination,
    },
    /// Nobody we know; let it prove an extension.
    Challenge,
    /// Turn it away with this SIP status and reason.
    Refuse {
        /// SIP status.
        status: u16,
        /// Machine-readable reason, as [`vocab::Fact::CallRefused`] lists them.
        reason: &'static str,
        /// The trunk it came by.
        trunk: Option<TrunkId>,
    },
}

/// The site's numbers and trunks, ready for look-up.
#[derive(Clone, Debug, Default)]
pub struct Doors {
    numbers: BTreeMap<PhoneNumber, Number>,
    trunks: Vec<Trunk>,
}

impl Doors {
    /// Indexes them; of two equal numbers the later wins.
    pub fn new(numbers: Vec<Number>, trunks: Vec<Trunk>) -> Doors {
        Doors { numbers: numbers.into_iter().map(|n| (n.number.clone(), n)).collect(), trunks }
    }

    /// Where a number leads for those inside.
    pub fn destination(&self, number: &PhoneNumber) -> Option<&Destination> {
        self.numbers.get(number).map(|n| &n.destination)
    }

    /// The verdict on a call. A proven extension may dial every number; a trunk only public ones; anybody else must
    /// prove an extension first, so that a stranger learns nothing about our numbers.
    pub fn admit(&self, arrival: &Arrival) -> Admission {
        let found = self.numbers.get(&arrival.called);
        if arrival.extension.is_some() {
            return match found {
                Some(n) => {
                    Admission::Take { direction: Direction::Internal, trunk: None, destination: n.destination.clone() }
                }
                None => Admission::Refuse { status: 404, reason: "number_unbound", trunk: None },
            };
        }
        let trunk = self.trunks.iter().find(|t| t.networks.iter().any(|n| contains(*n, arrival.source.ip())));
        match (trunk, found) {
            (Some(trunk), Some(number)) if number.public => Admission::Take {
                direction: Direction::Inbound,
                trunk: Some(trunk.trunk.clone()),
                destination: number.destination.clone(),
            },
            // An extension on a trunk's network (the demo's loopback) dials inside numbers with its password.
            (Some(_), Some(_)) | (None, _) => Admission::Challenge,
            (Some(trunk), None) => {
                Admission::Refuse { status: 404, reason: "number_unbound", trunk: Some(trunk.trunk.clone()) }
            }
        }
    }
}

fn contains((network, prefix): (IpAddr, u8), address: IpAddr) -> bool {
    let same = |network: u128, address: u128, width: u32| {
        let prefix = u32::from(prefix).min(width);
        prefix == 0 || (network ^ address) >> (width - prefix) == 0
    };
    match (network, address) {
        (IpAddr::V4(n), IpAddr::V4(a)) => same(n.to_bits().into(), a.to_bits().into(), 32),
        (IpAddr::V6(n), IpAddr::V6(a)) => same(n.to_bits(), a.to_bits(), 128),
        (IpAddr::V4(_), IpAddr::V6(_)) | (IpAddr::V6(_), IpAddr::V4(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn doors() -> Doors {
        let number = |number: &str, destination, public| Number { number: number.into(), destination, public };
        Doors::new(
            vec![
                number("4008001000", Destination::Flow("welcome".into()), true),
                number("601", Destination::Flow("queue:sales".into()), false),
                number("8002", Destination::Extension("8002".into()), false),
            ],
            vec![Trunk { trunk: "carrier".into(), networks: vec![("10.1.0.0".parse().unwrap(), 16)] }],
        )
    }

    fn verdict(extension: Option<&str>, source: &str, called: &str) -> Admission {
        doors().admit(&Arrival {
            extension: extension.map(Into::into),
            source: source.parse().unwrap(),
            called: called.into(),
        })
    }

    #[test]
    fn a_trunk_reaches_public_numbers_and_learns_nothing_of_inside_ones() {
        assert!(matches!(
            verdict(None, "10.1.2.3:5060", "4008001000"),
            Admission::Take { direction: Direction::Inbound, trunk: Some(_), .. }
        ));
        assert_eq!(verdict(None, "10.1.2.3:5060", "8002"), Admission::Challenge);
        assert!(matches!(verdict(None, "10.1.2.3:5060", "999"), Admission::Refuse { status: 404, .. }));
    }

    #[test]
    fn a_stranger_is_asked_for_a_password_whatever_the_number() {
        for called in ["4008001000", "8002", "999"] {
            assert_eq!(verdict(None, "10.2.0.1:5060", called), Admission::Challenge);
        }
    }

    #[test]
    fn an_extension_dials_everything_that_is_bound() {
        for called in ["4008001000", "601", "8002"] {
            assert!(matches!(verdict(Some("8001"), "1.2.3.4:5060", called), Admission::Take { .. }));
        }
        assert!(matches!(verdict(Some("8001"), "1.2.3.4:5060", "999"), Admission::Refuse { status: 404, .. }));
    }
}
