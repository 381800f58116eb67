package script

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"net"
	"syscall"
)

// misled are the answers of a server that works, but is not what the URL says, by
// how they begin without ERR. Time mends none of them: a person must.
var misled = []struct{ begin, detail string }{
	{"NOAUTH", notLetIn},
	{"WRONGPASS", notLetIn},
	{"NOPERM", notLetIn},
	{"DB index is out of range", "The store has no database of the number in its URL (the usual 16 are 0 to 15)."},
	{"SELECT is not allowed in cluster mode", isCluster},
	{"This instance has cluster support disabled", "The store is no cluster: its URL must begin with redis:// or rediss://."},
	{"unknown command 'sentinel'", "No Sentinel answers where the store's URL says: for a server alone it must begin with redis:// or rediss://."},
}

const (
	notLetIn  = "The store does not let the hub in."
	isCluster = "The store is a cluster: its URL must begin with redis+cluster://."
)

// unreached says why no server has answered. It repeats nothing of the cause: that
// shows parts of the URL, and what somebody took for a part of a password may
// be taken for a host.
func unreached(err error) string {
	name, unnamed := errors.AsType[*net.DNSError](err)
	_, noTLS := errors.AsType[tls.RecordHeaderError](err)
	network, timed := errors.AsType[net.Error](err)
	switch {
	case unnamed && name.IsNotFound:
		return "The store cannot be reached: no host of the name in its URL is known."
	case unnamed:
		return "The store cannot be reached: the name of its host cannot be looked up now."
	case errors.Is(err, syscall.ECONNREFUSED):
		return "The store cannot be reached: its host refuses the connection, so nothing listens at the port."
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH):
		return "The store cannot be reached: there is no way from here to its host."
	case errors.Is(err, fs.ErrNotExist):
		return "The store cannot be reached: there is no socket at the path in its URL."
	case errors.Is(err, fs.ErrPermission):
		return "The store cannot be reached: its socket cannot be opened by the user that the hub runs as."
	case noTLS:
		return "The store cannot be reached: it does not speak TLS there, as rediss:// would have it."
	case uncertified(err):
		return "The store cannot be reached: its certificate is not trusted, or is another host's."
	case timed && network.Timeout():
		return "The store cannot be reached: nothing answers in time. Look at the port, at firewalls, " +
			"and whether it speaks TLS (rediss://) or not (redis://)."
	}
	return "The store cannot be reached."
}

func uncertified(err error) bool {
	_, is := errors.AsType[*tls.CertificateVerificationError](err)
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	_, other := errors.AsType[x509.HostnameError](err)
	return is || unknown || other
}
