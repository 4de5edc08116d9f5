package text

import (
	"regexp"
	"strings"
	"unicode"
)

// The limits of RFC 5321, section 4.5.3.1. A path has 256 octets with its brackets.
const (
	maxEmail = 254
	maxLocal = 64
)

var (
	// localPart is the dot-atom of RFC 5322, section 3.2.3. Quoted local parts are
	// valid, but nobody has one and many systems refuse them.
	localPart = regexp.MustCompile("^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(\\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$")
	// domain has two or more labels of RFC 1035, section 2.3.1, as RFC 1123 widens
	// them. The last has a letter (RFC 3696, section 2), so it is no IP address.
	domain = regexp.MustCompile(`^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// Email returns an address that mail can reach, in the form in which addresses of
// the same mailbox are equal: lower case, without surrounding space. (By the
// standard the part before @ may be case-sensitive; no provider uses that.) It is
// ASCII, because Amazon SES does not support SMTPUTF8 (RFC 6531).
func Email(s string) (string, error) {
	s, err := Line("An e-mail address", 1, maxEmail)(s)
	if err != nil {
		return "", err
	}
	s = strings.ToLower(s)
	local, host, found := strings.Cut(s, "@")
	switch {
	case !found || local == "" || host == "" || strings.Contains(host, "@"):
		return "", refuse("This is not an e-mail address. One has the form name@example.com.")
	case !ascii(local):
		return "", refuse("Our mail cannot reach an address with letters other than a to z before the @. Please give another address.")
	case !ascii(host):
		return "", refuse("Please write the part after the @ in its ASCII form, which begins with xn--. Our mail cannot reach other forms.")
	case len(local) > maxLocal:
		return "", refuse("The part of an e-mail address before the @ has at most %d characters.", maxLocal)
	case !localPart.MatchString(local):
		return "", refuse("The part of an e-mail address before the @ has letters, digits and signs such as . _ + -, and no dot at either end.")
	case !domain.MatchString(host):
		return "", refuse("The part of an e-mail address after the @ must be a domain such as example.com.")
	}
	return s, nil
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}

var (
	separators  = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "")
	phoneNumber = regexp.MustCompile(`^\+?[0-9]{7,15}$`) // at most 15 digits: ITU-T E.164
)

// Phone returns a phone number as digits, with a + before a country code. Spaces,
// hyphens, dots and parentheses, which people write in it, are dropped. A number
// without + stays as it is, because its country is unknown: the diner's or the
// restaurant's.
func Phone(s string) (string, error) {
	s = separators.Replace(s)
	if !phoneNumber.MatchString(s) {
		return "", refuse("A phone number has 7 to 15 digits, with a + before a country code. Please write nothing else but spaces, hyphens, " +
			"dots and parentheses.")
	}
	return s, nil
}
