package api

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"

	"github.com/netprovision/terraform-provider-provision/internal/provision"
)

// What a person should do, in the words of the provider's zabbix block.
const (
	adviceLogin    = "check token, or username and password, in the provider's zabbix block, and that their user may use the API"
	adviceURL      = "check that url in the provider's zabbix block is the address of Zabbix's frontend, and that the frontend is healthy"
	adviceName     = "check url in the provider's zabbix block: the name in it cannot be resolved from here"
	adviceVersion  = "check that url in the provider's zabbix block is the address of a Zabbix frontend of version 6.0 or later"
	adviceUp       = "check url in the provider's zabbix block (name, port), and that the web server of Zabbix's frontend is up and can be reached from here"
	adviceCA       = "set ca_file in the provider's zabbix block to the certificate of the authority that signed the frontend's, or check url"
	adviceHostname = "check url in the provider's zabbix block: the frontend's certificate is for another name, or is not valid now"
	adviceNoTLS    = "check url in the provider's zabbix block: what answers there does not speak TLS, as https needs"
	adviceTime     = "check that Zabbix's frontend is not overloaded and can be reached from here, or raise timeout in the provider's zabbix block"
)

// advice says what to do about a request without an answer.
func advice(err error) string {
	var (
		name      *net.DNSError
		authority x509.UnknownAuthorityError
		host      x509.HostnameError
		invalid   x509.CertificateInvalidError
		garbage   tls.RecordHeaderError
		slow      net.Error
	)
	switch {
	case errors.As(err, &name):
		return adviceName
	case errors.As(err, &authority):
		return adviceCA
	case errors.As(err, &host), errors.As(err, &invalid):
		return adviceHostname
	case errors.As(err, &garbage), errors.Is(err, http.ErrSchemeMismatch):
		return adviceNoTLS
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &slow) && slow.Timeout():
		return adviceTime
	}
	return adviceUp
}

// advice says what to do about an answer that is none of the API's.
func (e *AnswerError) advice() string {
	switch {
	case errors.Is(e.kind, provision.ErrAuth):
		return "check headers in the provider's zabbix block: something in front of Zabbix's frontend asks for a login"
	case e.Status == http.StatusTooManyRequests || e.Status >= http.StatusInternalServerError:
		return "look why Zabbix's frontend fails (the log of its web server), and check url in the provider's zabbix block"
	}
	return adviceURL
}
