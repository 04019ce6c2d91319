//! The lines of libpq's password file.

/// The password of the first line `host:port:database:user:password` that fits. `*` fits all, and a
/// backslash escapes `:` and itself.
pub(super) fn entry(text: &str, wanted: [&str; 4]) -> Option<String> {
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields = fields(line);
        if let [host, port, database, user, password] = &fields[..]
            && [host, port, database, user]
                .iter()
                .zip(wanted)
                .all(|(field, wanted)| *field == "*" || *field == wanted)
        {
            return Some(password.clone());
        }
    }
    None
}

fn fields(line: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        let last = fields.len() - 1;
        match character {
            '\\' => fields[last].extend(characters.next()),
            // The rest of the line is the password.
            ':' if fields.len() < 5 => fields.push(String::new()),
            other => fields[last].push(other),
        }
    }
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_file_is_read_as_libpq_reads_it() {
        let text = "# comment:*:*:*:no\nother:*:*:*:wrong\ndb:5432:heimdall:u\\:1:a\\:b:c\n*:*:*:*:last\n";
        assert_eq!(entry(text, ["db", "5432", "heimdall", "u:1"]).as_deref(), Some("a:b:c"));
        assert_eq!(entry(text, ["db", "5433", "heimdall", "u:1"]).as_deref(), Some("last"));
        assert_eq!(entry("db:5432:heimdall:u\n", ["db", "5432", "heimdall", "u"]), None);
    }
}
