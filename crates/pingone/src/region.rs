//! PingOne's regions. Each has its own top-level domain and shares no data with the others.
//! <https://developer.pingidentity.com/pingone-api/foundations/conventions/pingone-api-requests.html>

/// A region.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region {
    /// The name that people use.
    pub name: &'static str,
    /// PingOne's own code.
    code: &'static str,
    tld: &'static str,
}

/// All regions, in the order in which they are offered.
pub const REGIONS: [Region; 6] = [
    Region {
        name: "US",
        code: "NA",
        tld: "com",
    },
    Region {
        name: "EU",
        code: "EU",
        tld: "eu",
    },
    Region {
        name: "Asia",
        code: "AP",
        tld: "asia",
    },
    Region {
        name: "Canada",
        code: "CA",
        tld: "ca",
    },
    Region {
        name: "Australia",
        code: "AU",
        tld: "com.au",
    },
    Region {
        name: "Singapore",
        code: "SG",
        tld: "sg",
    },
];

impl Region {
    /// The region with this name or code, ignoring case. There is no default: a wrong region would send the client
    /// secret to another country.
    pub fn named(name: &str) -> Option<Self> {
        REGIONS.into_iter().find(|region| {
            region.name.eq_ignore_ascii_case(name) || region.code.eq_ignore_ascii_case(name)
        })
    }

    /// The base URL of the management API.
    pub fn api_url(self) -> String {
        format!("https://api.pingone.{}", self.tld)
    }

    /// The base URL of the token endpoint.
    pub fn auth_url(self) -> String {
        format!("https://auth.pingone.{}", self.tld)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_codes_lead_to_the_documented_hosts() {
        for (name, code, host) in [
            ("US", "NA", "https://api.pingone.com"),
            ("EU", "EU", "https://api.pingone.eu"),
            ("Asia", "AP", "https://api.pingone.asia"),
            ("Canada", "CA", "https://api.pingone.ca"),
            ("Australia", "AU", "https://api.pingone.com.au"),
            ("Singapore", "SG", "https://api.pingone.sg"),
        ] {
            for text in [name, code, &name.to_lowercase()] {
                let region = Region::named(text).expect(text);
                assert_eq!(region.api_url(), host);
                assert_eq!(region.auth_url(), host.replace("//api.", "//auth."));
            }
        }
        assert_eq!(Region::named("Mars"), None);
        assert_eq!(Region::named(""), None);
    }
}
