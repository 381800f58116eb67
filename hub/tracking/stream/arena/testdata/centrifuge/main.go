// Command centrifuge-peer gives positions to WebSocket clients by the library
// centrifugal/centrifuge, for comparison. It reads lines "device lat lon speed
// milliseconds" on its input and publishes what came in each tick as one message,
// encoded once, in one channel that every client is given when it connects.
package main

import (
	"bufio"
	"context"
	"fmt"
	"log"
	"net"
	"net/http"
	"os"
	"sync"
	"time"

	"github.com/centrifugal/centrifuge"
)

func main() {
	tick, err := time.ParseDuration(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	node, err := centrifuge.New(centrifuge.Config{LogLevel: centrifuge.LogLevelNone, ClientQueueMaxSize: 64 << 20})
	if err != nil {
		log.Fatal(err)
	}
	node.OnConnecting(func(context.Context, centrifuge.ConnectEvent) (centrifuge.ConnectReply, error) {
		return centrifuge.ConnectReply{
			Credentials:   &centrifuge.Credentials{UserID: "bench"},
			Subscriptions: map[string]centrifuge.SubscribeOptions{"gps": {}},
		}, nil
	})
	if err := node.Run(); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/gps/ws", centrifuge.NewWebsocketHandler(node, centrifuge.WebsocketConfig{
		CheckOrigin: func(*http.Request) bool { return true }, UseWriteBufferPool: true, ReadBufferSize: 512,
		PingPongConfig: centrifuge.PingPongConfig{PingInterval: -1}, // the clients of the comparison answer none
	}))
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("listening", listener.Addr())
	go func() { log.Fatal(http.Serve(listener, mux)) }()
	publish(node, tick)
}

type fix struct {
	device, at      int64
	lat, lon, speed float64
}

func publish(node *centrifuge.Node, tick time.Duration) {
	var mu sync.Mutex
	latest := map[int64]fix{}
	go func() {
		for range time.Tick(tick) {
			mu.Lock()
			now := latest
			latest = map[int64]fix{}
			mu.Unlock()
			if len(now) == 0 {
				continue
			}
			if _, err := node.Publish("gps", encode(now)); err != nil {
				log.Fatal(err)
			}
		}
	}()
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var f fix
		if _, err := fmt.Sscan(lines.Text(), &f.device, &f.lat, &f.lon, &f.speed, &f.at); err != nil {
			log.Fatal(err)
		}
		mu.Lock()
		latest[f.device] = f
		mu.Unlock()
	}
}

func encode(all map[int64]fix) []byte {
	data := []byte(`{"items":[`)
	for _, f := range all {
		if data[len(data)-1] == '}' {
			data = append(data, ',')
		}
		at := time.UnixMilli(f.at).UTC()
		data = fmt.Appendf(data, `{"technician":"TECH-%d","name":"Technician %d","device":%d,"lat":%v,"lon":%v,"speed_kmh":%v,"course":0,"accuracy_m":0,"at":"%s","age_s":%d,"status":"moving"}`,
			f.device, f.device, f.device, f.lat, f.lon, f.speed, at.Format("2006-01-02T15:04:05.999Z"), int(time.Since(at).Seconds()))
	}
	return append(data, "]}"...)
}
