//! What an instruction costs: schedules and the meter.
