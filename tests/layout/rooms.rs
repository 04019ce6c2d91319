//! The order of the rooms, as a README lists it, and the imports that break it.

use std::collections::{BTreeMap, BTreeSet};

use crate::imports::Import;
use crate::sources::{Sources, room_of};

/// The level of each room. 1 is the lowest; a room imports only from lower levels.
pub(crate) struct Rooms {
    levels: BTreeMap<String, usize>,
}

impl Rooms {
    /// Reads the numbered list under `## Rooms`: a level per item, the lowest first, with the names
    /// of its rooms in backticks before the first colon.
    pub(crate) fn parse(readme: &str) -> Result<Rooms, String> {
        let section = readme.lines().skip_while(|line| *line != "## Rooms").skip(1);
        let items = section
            .take_while(|line| !line.starts_with("## "))
            .filter(|line| is_numbered(line));
        let mut levels = BTreeMap::new();
        for (index, item) in items.enumerate() {
            let names = item.split(':').next().expect("split gives at least one part");
            let rooms: Vec<&str> = names.split('`').skip(1).step_by(2).collect();
            if rooms.is_empty() {
                return Err(format!("no room in backticks before the first colon of '{item}'"));
            }
            for room in rooms {
                let room = room.trim_end_matches('/').trim_end_matches(".rs");
                if levels.insert(room.to_owned(), index + 1).is_some() {
                    return Err(format!("the room {room} is listed twice"));
                }
            }
        }
        if levels.is_empty() {
            return Err("there is no numbered list under '## Rooms'".to_owned());
        }
        Ok(Rooms { levels })
    }

    /// Rooms that are listed and do not exist, or exist and are not listed.
    pub(crate) fn differences(&self, sources: &Sources) -> Vec<String> {
        let listed: BTreeSet<&str> = self.levels.keys().map(String::as_str).collect();
        let existing = sources.rooms();
        let missing = listed
            .difference(&existing)
            .map(|room| format!("the room {room} is listed but does not exist"));
        let unlisted = existing
            .difference(&listed)
            .map(|room| format!("the room {room} is not listed under '## Rooms'"));
        missing.chain(unlisted).collect()
    }

    /// Imports from a room to another one of the same or a higher level. Tests do not count.
    pub(crate) fn upward_imports(&self, imports: &[Import]) -> Vec<String> {
        let production = imports.iter().filter(|import| !import.is_test);
        production.filter_map(|import| self.upward(import)).collect()
    }

    fn upward(&self, import: &Import) -> Option<String> {
        let (from_room, to_room) = (room_of(&import.from)?, room_of(&import.to)?);
        let (from_level, to_level) = (self.levels.get(from_room)?, self.levels.get(to_room)?);
        (from_room != to_room && from_level <= to_level).then(|| {
            format!("upward import from {from_room} (level {from_level}) to {to_room} (level {to_level}): {import}")
        })
    }
}

fn is_numbered(line: &str) -> bool {
    let digits = line.trim_start_matches(|character: char| character.is_ascii_digit());
    digits.len() < line.len() && digits.starts_with(". ")
}
