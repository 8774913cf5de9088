// podnet is the pod network of a kind node. All nodes share one bridge of the
// container engine, so two things are enough: a CNI configuration for this
// node's own pod range, and one route to each other node's range.
package main

import (
	"context"
	"fmt"
	"log"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/vishvananda/netlink"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

const (
	confFile = "/etc/cni/net.d/10-podnet.conflist"
	conf     = `{"cniVersion": "0.4.0", "name": "podnet", "plugins": [
  {"type": "ptp", "ipMasq": true, "mtu": %d,
   "ipam": {"type": "host-local", "dataDir": "/run/cni-ipam-state",
            "routes": [{"dst": "0.0.0.0/0"}], "ranges": [[{"subnet": "%s"}]]}},
  {"type": "portmap", "capabilities": {"portMappings": true}}]}
`
	settled = 10 * time.Second
	retry   = 2 * time.Second
)

func main() {
	config, err := rest.InClusterConfig()
	if err != nil {
		log.Fatal(err)
	}
	// kind names the control plane's address: with it there is no need to wait
	// for kube-proxy to make the service address work.
	if endpoint := os.Getenv("CONTROL_PLANE_ENDPOINT"); endpoint != "" {
		config.Host = "https://" + endpoint
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		log.Fatal(err)
	}
	for {
		wait := settled
		if err := sync(context.Background(), client, os.Getenv("NODE_NAME")); err != nil {
			log.Print(err)
			wait = retry
		}
		time.Sleep(wait)
	}
}

func sync(ctx context.Context, client kubernetes.Interface, me string) error {
	nodes, err := client.CoreV1().Nodes().List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for i := range nodes.Items {
		node := &nodes.Items[i]
		switch {
		case node.Spec.PodCIDR == "":
			continue // not admitted yet
		case node.Name == me:
			err = writeConf(confFile, node.Spec.PodCIDR, mtu())
		default:
			err = addRoute(node)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// writeConf replaces the file only when it would change: containerd reloads
// its network on every change in the folder.
func writeConf(path, cidr string, mtu int) error {
	want := fmt.Sprintf(conf, mtu, cidr)
	if have, _ := os.ReadFile(path); string(have) == want {
		return nil
	}
	temp := filepath.Join(filepath.Dir(path), ".podnet.tmp")
	if err := os.WriteFile(temp, []byte(want), 0o644); err != nil {
		return err
	}
	log.Printf("pod range %s", cidr)
	return os.Rename(temp, path)
}

func mtu() int {
	if eth, err := net.InterfaceByName("eth0"); err == nil {
		return eth.MTU
	}
	return 1500
}

func addRoute(node *corev1.Node) error {
	_, to, err := net.ParseCIDR(node.Spec.PodCIDR)
	via := internalIP(node)
	if err != nil || via == nil {
		return nil // another address family, or not settled yet
	}
	if err := netlink.RouteReplace(&netlink.Route{Dst: to, Gw: via}); err != nil {
		return fmt.Errorf("route %s via %s: %w", to, via, err)
	}
	return nil
}

func internalIP(node *corev1.Node) net.IP {
	for _, a := range node.Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			if ip := net.ParseIP(a.Address).To4(); ip != nil {
				return ip
			}
		}
	}
	return nil
}
