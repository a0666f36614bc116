//go:build !race

package provision_test

// raceDetector tells that the race detector is off.
const raceDetector = false
