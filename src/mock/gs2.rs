//! The head of a message of SCRAM and OAUTHBEARER: the GS2 header of RFC 5801 §4, and names in which
//! `,` and `=` are escaped.

use std::string::String;

/// `n,a=authzid,` and what it says.
pub(super) struct Header<'a> {
    /// As it came, both commas in it.
    pub(super) text: &'a str,
    pub(super) authzid: Option<String>,
}

impl<'a> Header<'a> {
    /// Reads the header off a message, and gives the rest.
    pub(super) fn split(message: &'a str) -> Result<(Self, &'a str), &'static str> {
        let (flag, rest) = message.split_once(',').ok_or("no GS2 header")?;
        match flag {
            // RFC 5802 §6: "n" for a client that has no channel binding, "y" for one that has and
            // thinks the server has not. The server has not.
            "n" | "y" => {}
            _ if flag.starts_with("p=") => return Err("channel binding, which was not offered"),
            _ => return Err("the GS2 header begins with neither n nor y"),
        }
        let (authzid, rest) = rest
            .split_once(',')
            .ok_or("the GS2 header has no second comma")?;
        let authzid = match authzid {
            "" => None,
            other => {
                let name = other.strip_prefix("a=");
                Some(decode_name(name.ok_or("no a= in the GS2 header")?)?)
            }
        };
        let text = &message[..message.len() - rest.len()];
        Ok((Self { text, authzid }, rest))
    }
}

/// RFC 5802 §5.1: in a name "the characters ',' or '=' … are sent as '=2C' and '=3D' respectively".
pub(super) fn decode_name(text: &str) -> Result<String, &'static str> {
    if text.is_empty() {
        return Err("an empty name");
    }
    if text.contains([',', '\0']) {
        return Err("a comma or NUL in a name");
    }
    let mut parts = text.split('=');
    let mut name = String::from(parts.next().unwrap_or_default());
    for part in parts {
        // "If the server receives a username that contains '=' not followed by either '2C' or '3D',
        // then the server MUST fail the authentication."
        let (escaped, rest) = part.split_at_checked(2).unwrap_or_default();
        name.push(match escaped {
            "2C" => ',',
            "3D" => '=',
            _ => return Err("a = in a name that is neither =2C nor =3D"),
        });
        name.push_str(rest);
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers() {
        let parts = |message| {
            let (header, rest) = Header::split(message).ok()?;
            Some((header.text, header.authzid, rest))
        };
        assert_eq!(parts("n,,n=u"), Some(("n,,", None, "n=u")));
        assert_eq!(parts("y,,"), Some(("y,,", None, "")));
        let name = Some("a,b=\u{fc}".into());
        let text = "n,a=a=2Cb=3D\u{fc},";
        assert_eq!(parts("n,a=a=2Cb=3D\u{fc},n=u,"), Some((text, name, "n=u,")));
        for malformed in [
            "",
            "n",
            "n,",
            "n=u,r=x",
            "N,,",
            "p=tls-unique,,",
            "n,u,",
            "n,a=,",
            "n,a=a=,",
            "n,a=a=2c,",
            "n,a=a=\u{fc},",
            "n,a=\0,",
        ] {
            assert_eq!(parts(malformed), None, "{malformed}");
        }
    }
}
