//go:build race

package provision_test

// raceDetector tells that the race detector is on; it makes a history about
// fifteen times slower.
const raceDetector = true
