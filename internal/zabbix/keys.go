package zabbix

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"maps"
	"slices"
	"strings"
	"sync"
)

// Keys knows which pre-shared key goes with which identity in one provider
// configuration: Zabbix wants one key an identity, and 6.0 takes a second one
// without a word, after which agents of one of the two are lost. It keeps no
// keys, only their HMAC under a random key of its own. The nil Keys knows
// none. It is safe for concurrent use.
type Keys struct {
	mu    sync.Mutex
	salt  [sha256.Size]byte
	known map[string]map[string]string // identity, host, HMAC of the key
}

// NewKeys makes one that knows nothing.
func NewKeys() *Keys {
	k := &Keys{known: map[string]map[string]string{}}
	_, _ = rand.Read(k.salt[:]) // never fails: crypto/rand ends the program instead
	return k
}

// claim takes note of a host's key. The error names a host that uses another
// key with the identity.
func (k *Keys) claim(host, identity, key string) error {
	if k == nil {
		return nil
	}
	m := hmac.New(sha256.New, k.salt[:])
	m.Write([]byte(strings.ToLower(key)))
	sum := string(m.Sum(nil))
	k.mu.Lock()
	defer k.mu.Unlock()
	users := k.known[identity]
	if users == nil {
		users = map[string]string{}
		k.known[identity] = users
	}
	for _, other := range slices.Sorted(maps.Keys(users)) {
		if other != host && users[other] != sum {
			return fieldError(fieldTLS, "the identity %q is used with another key by %s: use one key for an identity, or another identity", identity, other)
		}
	}
	users[host] = sum
	return nil
}
