package secret

import "strings"

// minValue is how long, in bytes, a value of a header must be to count as a secret
// when its name does not say that it is one.
const minValue = 8

// HeaderWords are the words of HTTP headers that may be secrets: of a header whose
// name says so all that its value consists of ("Bearer ..."), of others what is long
// enough and no ordinary word. "https" or "application/json" would mask ordinary
// text.
func HeaderWords(headers map[string]string) []string {
	var words []string
	for name, value := range headers {
		hidden := secretHeader(name)
		if hidden {
			words = append(words, value)
		}
		for _, part := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ;,=", r) }) {
			if countsAsSecret(part, hidden) {
				words = append(words, part)
			}
		}
		if !hidden && countsAsSecret(value, false) {
			words = append(words, value)
		}
	}
	return words
}

// countsAsSecret tells whether a text counts as a secret, of a header whose name
// says that it is one or of another.
func countsAsSecret(text string, hidden bool) bool {
	return len(text) >= minValue && (hidden || !ordinary(text))
}

// secretHeader tells whether a header of the name holds a secret.
func secretHeader(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"auth", "cookie", "token", "key", "secret", "password", "passwd", "cf-access-", "credential", "session", "signature"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// ordinary tells whether a text is made of words as people write them: letters in
// one case, with the signs that join them.
func ordinary(text string) bool {
	rest := strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_./+ ")
	return rest == "" && (strings.ToLower(text) == text || strings.ToUpper(text) == text || text[1:] == strings.ToLower(text[1:]))
}
