package secret

import (
	"crypto/rand"
	"encoding/hex"
	"sync"

	"golang.org/x/crypto/argon2"
)

// What a guess costs: one pass over so many KiB of memory, which takes a
// millisecond or two; a plan needs one or two hashes a device. That slows guessing
// down and does not end it: a short secret can be found out.
const (
	passes  = 1
	memory  = 1024
	threads = 1
	size    = 32 // of the hash, in bytes
)

// saltSize is in bytes, as RFC 9106, section 3.1, recommends.
const saltSize = 16

// NewSalt makes a random salt.
func NewSalt() []byte {
	salt := make([]byte, saltSize)
	_, _ = rand.Read(salt) // never fails: crypto/rand ends the program instead
	return salt
}

// Hash is a salted and slow hash (Argon2id, RFC 9106, in hex) of a digest of
// something that may hold a secret. Equal digests under one salt give equal
// hashes; trying out secrets against it is slow, and useless against another
// salt.
func Hash(salt []byte, digest string) string {
	return hex.EncodeToString(argon2.IDKey([]byte(digest), salt, passes, memory, threads, size))
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
