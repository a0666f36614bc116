package secret

import (
	"crypto/pbkdf2"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sync"
)

// iterations makes a guess cost a few milliseconds; a plan needs one or two
// hashes a device.
const iterations = 20_000

// saltSize is in bytes; NIST SP 800-132, section 5.1, asks for at least 16.
const saltSize = 16

// NewSalt makes a random salt.
func NewSalt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	return salt
}

// Hash is a salted and slow hash (PBKDF2 with HMAC-SHA-256, in hex) of a
// digest of something that may hold a secret. Equal digests under one salt
// give equal hashes; trying out secrets against it is slow, and useless
// against another salt.
func Hash(salt []byte, digest string) string {
	key, err := pbkdf2.Key(sha256.New, digest, salt, iterations, sha256.Size)
	if err != nil { // only in FIPS mode, for a salt or length that ours are not
		panic(fmt.Sprintf("secret: hash: %v", err))
	}
	return hex.EncodeToString(key)
}

// Hasher is Hash that computes the same one only once: reading, planning and
// updating a device ask for the same hashes. It is safe for concurrent use; nil
// remembers nothing. It lives as long as its process, and keeps what is no more
// secret than the process itself.
type Hasher struct {
	mu    sync.Mutex
	known map[question]string
}

type question struct{ salt, digest string }

// Hash is [Hash].
func (h *Hasher) Hash(salt []byte, digest string) string {
	if h == nil {
		return Hash(salt, digest)
	}
	q := question{string(salt), digest}
	h.mu.Lock()
	known, ok := h.known[q]
	h.mu.Unlock()
	if ok {
		return known
	}
	hash := Hash(salt, digest) // outside the lock: devices go side by side
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.known == nil {
		h.known = map[question]string{}
	}
	h.known[q] = hash
	return hash
}
