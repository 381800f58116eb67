// Package address reads the URL that says where a Redis store is, and connects.
// What it says of an URL never holds a part of it that could be secret.
package address

import (
	"net/url"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"gigafibre.ca/targo-hub/hub"
)

// Address is what an URL says: where the store is, and which hub's it is.
type Address struct {
	Name string // from ?name=, may be empty

	options goredis.UniversalOptions
	network string // unix, or empty
}

const badURL = "The store's URL cannot be understood. It has one of these forms: redis://user:password@host:6379/0 " +
	"(rediss:// for TLS), unix:///path/to/socket?db=0, redis+sentinel://user:password@host:26379,host:26379/master/0, " +
	"redis+cluster://user:password@host:7000,host:7001; ?name= tells the hubs that share a server apart."

// refuse never carries the cause: an URL holds a password, and what reads URLs
// likes to repeat them.
func refuse(why string) error {
	if why != "" {
		why = " (" + why + ")"
	}
	return hub.Fail(hub.Invalid, "invalid", badURL+why, nil)
}

// Parse reads an URL. Some options of the client may go as query parameters:
// pool_size, min_idle_conns, client_name, and dial_, read_, write_ and pool_timeout.
func Parse(text string) (Address, error) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		return Address{}, refuse("")
	}
	base, kind, _ := strings.Cut(scheme, "+")
	if kind != "" && base != "redis" && base != "rediss" {
		return Address{}, refuse("")
	}
	// A list of hosts is no host to the standard library.
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@') + 1
	hosts := strings.Split(rest[at:end], ",")
	u, err := url.Parse(base + "://" + rest[:at] + hosts[0] + rest[end:])
	if err != nil {
		return Address{}, refuse("")
	}
	query := u.Query()
	a := Address{Name: query.Get("name")}
	if strings.ContainsAny(a.Name, "{} \t\r\n") {
		return Address{}, refuse("the name holds a character that it must not")
	}
	query.Del("name")
	for _, host := range hosts[1:] {
		query.Add("addr", host)
	}
	u.RawQuery = query.Encode()
	switch kind {
	case "":
		if len(hosts) > 1 {
			return Address{}, refuse("one host, unless it is a cluster or Sentinel")
		}
		err = a.single(u)
	case "sentinel":
		err = a.sentinel(u)
	case "cluster":
		err = a.cluster(u)
	default:
		err = refuse("")
	}
	return a, err
}

func (a *Address) single(u *url.URL) error {
	o, err := goredis.ParseURL(u.String())
	if err != nil {
		return refuse(unexpected(err))
	}
	a.network = o.Network
	a.options = goredis.UniversalOptions{
		Addrs: []string{o.Addr}, DB: o.DB, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
		ClientName: o.ClientName, DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns, PoolTimeout: o.PoolTimeout,
	}
	return nil
}

// sentinel: the path names the master, and then the database. User and password
// are those of the store; sentinel_username and sentinel_password, in the query,
// those of the Sentinels.
func (a *Address) sentinel(u *url.URL) error {
	master, db, _ := strings.Cut(strings.Trim(u.Path, "/"), "/")
	if master == "" {
		return refuse("the master has no name")
	}
	query := u.Query()
	query.Set("master_name", master)
	if db != "" {
		query.Set("db", db)
	}
	if password, set := u.User.Password(); set {
		query.Set("password", password)
	}
	if user := u.User.Username(); user != "" {
		query.Set("username", user)
	}
	u.User = nil
	if password := query.Get("sentinel_password"); password != "" {
		u.User = url.UserPassword(query.Get("sentinel_username"), password)
	}
	query.Del("sentinel_username")
	query.Del("sentinel_password")
	u.Path, u.RawQuery = "", query.Encode()
	o, err := goredis.ParseFailoverURL(u.String())
	if err != nil {
		return refuse(unexpected(err))
	}
	a.options = goredis.UniversalOptions{
		Addrs: o.SentinelAddrs, MasterName: o.MasterName, DB: o.DB, Username: o.Username, Password: o.Password,
		SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword, TLSConfig: o.TLSConfig,
		ClientName: o.ClientName, DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns, PoolTimeout: o.PoolTimeout,
	}
	return nil
}

func (a *Address) cluster(u *url.URL) error {
	if strings.Trim(u.Path, "/") != "" {
		return refuse("a cluster has no databases")
	}
	o, err := goredis.ParseClusterURL(u.String())
	if err != nil {
		return refuse(unexpected(err))
	}
	a.options = goredis.UniversalOptions{
		Addrs: o.Addrs, IsClusterMode: true, Username: o.Username, Password: o.Password, TLSConfig: o.TLSConfig,
		ClientName: o.ClientName, DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout, WriteTimeout: o.WriteTimeout,
		PoolSize: o.PoolSize, MinIdleConns: o.MinIdleConns, PoolTimeout: o.PoolTimeout, MaxRedirects: o.MaxRedirects,
	}
	return nil
}

// unexpected lets through only what cannot hold a secret: the names of options
// that the client does not know.
func unexpected(err error) string {
	if _, names, ok := strings.Cut(err.Error(), "unexpected option: "); ok {
		return "unknown option " + names
	}
	return ""
}

// Connect makes the client. It does not try again by itself: the scripts do, and
// tell the server so.
func (a Address) Connect() goredis.UniversalClient {
	o := a.options
	o.Protocol, o.MaxRetries, o.DialerRetries, o.ContextTimeoutEnabled = 2, -1, 1, true
	o.DisableIdentity = true
	if o.PoolSize == 0 {
		o.PoolSize = 100
	}
	if o.DialTimeout == 0 {
		o.DialTimeout = 2 * time.Second
	}
	if a.network == "unix" {
		single := o.Simple()
		single.Network, single.DialerRetries = a.network, 1
		return goredis.NewClient(single)
	}
	return goredis.NewUniversalClient(&o)
}
