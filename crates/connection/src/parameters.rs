//! A connection string as parts, so that what `tokio-postgres` does not know can be taken out.

/// The string without some of its parameters, and those.
#[derive(Default)]
pub(crate) struct Parameters {
    /// What is left for `tokio-postgres`.
    pub(crate) rest: String,
    taken: Vec<(String, String)>,
}

impl Parameters {
    /// Takes the parameters named `ours` out of a URL, or out of libpq's `name=value` form.
    ///
    /// # Errors
    /// The string's form is broken: says how, and repeats nothing of it.
    pub(crate) fn take(text: &str, ours: &[&str]) -> Result<Self, &'static str> {
        let is_url = text.starts_with("postgres://") || text.starts_with("postgresql://");
        if is_url { Self::of_url(text, ours) } else { Self::of_pairs(text, ours) }
    }

    /// The last value given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.taken.iter().rev().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }

    fn of_url(url: &str, ours: &[&str]) -> Result<Self, &'static str> {
        // A password may hold an unescaped `?`: the query begins behind the credentials.
        let host = url.find('@').map_or(0, |at| at + 1);
        let (base, query) = match url[host..].find('?') {
            Some(at) => (&url[..host + at], &url[host + at + 1..]),
            None => (url, ""),
        };
        if base[host..].contains('@') {
            // Else the end of the password would be taken for a host, and named in errors.
            return Err("it has more than one `@`; write an `@` in a user name or password as %40");
        }
        let mut taken = Vec::new();
        let mut kept = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').ok_or("a parameter has no value; write name=value")?;
            let name = decode(name)?;
            if ours.contains(&name.as_str()) { taken.push((name, decode(value)?)) } else { kept.push(pair) }
        }
        let query = if kept.is_empty() { String::new() } else { format!("?{}", kept.join("&")) };
        Ok(Self { rest: format!("{base}{query}"), taken })
    }

    fn of_pairs(text: &str, ours: &[&str]) -> Result<Self, &'static str> {
        let mut parts = Self::default();
        let mut rest = text.trim_start();
        while !rest.is_empty() {
            let (name, value) = rest.split_once('=').ok_or("it is neither a URL nor name=value pairs")?;
            let name = name.trim_end().to_owned();
            if name.is_empty() || name.contains(char::is_whitespace) {
                return Err("it is neither a URL nor name=value pairs");
            }
            let (value, behind) = value_of(value.trim_start())?;
            rest = behind.trim_start();
            if ours.contains(&name.as_str()) {
                parts.taken.push((name, value));
            } else {
                let value = value.replace('\\', "\\\\").replace('\'', "\\'");
                parts.rest.extend([name.as_str(), "='", value.as_str(), "' "]);
            }
        }
        Ok(parts)
    }
}

/// The value at the beginning, unquoted, and what follows it.
fn value_of(text: &str) -> Result<(String, &str), &'static str> {
    let quoted = text.starts_with('\'');
    let mut value = String::new();
    let mut letters = text.char_indices().skip(usize::from(quoted));
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, letter)| letter)),
            '\'' if quoted => return Ok((value, &text[at + 1..])),
            _ if !quoted && letter.is_whitespace() => return Ok((value, &text[at..])),
            _ => value.push(letter),
        }
    }
    if quoted { Err("a quoted value has no end") } else { Ok((value, "")) }
}

fn decode(text: &str) -> Result<String, &'static str> {
    let broken = "a parameter holds a % that is not followed by two hexadecimal digits, or no UTF-8";
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let mut digit = || rest.next().and_then(|digit| char::from(digit).to_digit(16));
            let (high, low) = digit().zip(digit()).ok_or(broken)?;
            bytes.push(u8::try_from(high * 16 + low).map_err(|_| broken)?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).map_err(|_| broken)
}
