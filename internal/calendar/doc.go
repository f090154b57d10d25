// Package calendar computes when schedules are due: cron lines in a time zone, and equal distances.
//
// It reads no clock and no file. Times are arguments, in Unix milliseconds, and what a zone's clocks show comes from the
// caller as a [Zone].
//
// # When clocks change
//
// A cron line is of one of two kinds, and each has one rule.
//
// A line that names its hours ("30 2 * * *", "0 8-18 * * mon-fri", "0 */6 * * *") is a fixed-time schedule. Each local
// time that it names happens exactly once per local day. Where clocks go forward over it, it happens as long after
// the change as it would have been after it had clocks not changed: with 2:00 becoming 3:00, 2:30 happens at 3:30. Where
// clocks go back and it comes twice, only the first counts. Two named times that thus fall on one instant are one.
//
// A line that leaves its hours open ("*/15 * * * *", "0 * * * *") is an interval schedule. It happens at every instant
// at which the local clock shows a fitting time, so it keeps its distance: it goes on through the repeated hour, and
// nothing is made up for an hour that does not exist.
//
// [Every] knows no zone and always keeps its distance.
package calendar
