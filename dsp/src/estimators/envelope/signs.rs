/// The signs of the last sample: a bit each for above and for below zero, in the last lane's place.
pub(super) struct Signs {
    above: u32,
    below: u32,
}

impl Signs {
    #[inline(always)]
    pub(super) fn of(value: f32, lanes: usize) -> Self {
        Self {
            above: u32::from(value > 0.0) << (lanes - 1),
            below: u32::from(value < 0.0) << (lanes - 1),
        }
    }

    /// Changes of sign within the next samples, and from the last one to them. Zero is a sign of
    /// its own: the sign changes where "above 0" or "below 0" changes.
    #[inline(always)]
    pub(super) fn changes(&mut self, above: u32, below: u32, lanes: usize) -> u32 {
        let above_before = above << 1 | self.above >> (lanes - 1);
        let below_before = below << 1 | self.below >> (lanes - 1);
        let changed = (above ^ above_before) | (below ^ below_before);
        (self.above, self.below) = (above, below);
        (changed & (u32::MAX >> (u32::BITS as usize - lanes))).count_ones()
    }
}
