// crictl answers the few questions that the kind CLI, and a person on a node,
// ask of the container runtime. Upstream's crictl is not published as a module
// that a Go proxy must hold, so this one speaks the same CRI API.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

const (
	socket = "unix:///run/containerd/containerd.sock"
	usage  = "usage: crictl inspecti IMAGE | images | pods | ps [-a] | pull IMAGE | rmi IMAGE"
)

type client struct {
	images  cri.ImageServiceClient
	runtime cri.RuntimeServiceClient
	out     io.Writer
}

func main() {
	if err := run(os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "crictl:", err)
		os.Exit(1)
	}
}

func run(args []string, out io.Writer) error {
	args = skipGlobalOptions(args)
	if len(args) == 0 {
		return errors.New(usage)
	}
	conn, err := grpc.NewClient(socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return err
	}
	defer conn.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Minute)
	defer cancel()
	c := client{cri.NewImageServiceClient(conn), cri.NewRuntimeServiceClient(conn), out}
	command, rest := args[0], args[1:]
	switch command {
	case "images", "image":
		return c.listImages(ctx)
	case "pods":
		return c.listPods(ctx)
	case "ps":
		return c.listContainers(ctx, len(rest) > 0 && rest[0] == "-a")
	case "inspecti", "pull", "rmi":
		if len(rest) == 0 {
			return fmt.Errorf("%s needs an image\n%s", command, usage)
		}
		return c.oneImage(ctx, command, rest[len(rest)-1])
	}
	return fmt.Errorf("unknown command %q\n%s", command, usage)
}

// skipGlobalOptions drops "--runtime-endpoint VALUE" and its like: there is
// only one runtime here.
func skipGlobalOptions(args []string) []string {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if strings.Contains(args[0], "=") || len(args) == 1 {
			args = args[1:]
		} else {
			args = args[2:]
		}
	}
	return args
}

func (c client) oneImage(ctx context.Context, command, name string) error {
	spec := &cri.ImageSpec{Image: name}
	switch command {
	case "pull":
		r, err := c.images.PullImage(ctx, &cri.PullImageRequest{Image: spec})
		if err == nil {
			fmt.Fprintln(c.out, "Image is up to date for", r.ImageRef)
		}
		return err
	case "rmi":
		_, err := c.images.RemoveImage(ctx, &cri.RemoveImageRequest{Image: spec})
		return err
	}
	r, err := c.images.ImageStatus(ctx, &cri.ImageStatusRequest{Image: spec})
	if err != nil {
		return err
	}
	if r.Image == nil {
		return fmt.Errorf("no such image %q present", name) // kind looks for these words
	}
	e := json.NewEncoder(c.out)
	e.SetIndent("", "  ")
	return e.Encode(map[string]any{"status": map[string]any{
		"id": r.Image.Id, "repoTags": r.Image.RepoTags, "repoDigests": r.Image.RepoDigests,
		"size": fmt.Sprint(r.Image.Size), "pinned": r.Image.Pinned}})
}

func (c client) table(header string, rows func(io.Writer)) error {
	w := tabwriter.NewWriter(c.out, 0, 4, 3, ' ', 0)
	fmt.Fprintln(w, header)
	rows(w)
	return w.Flush()
}

func (c client) listImages(ctx context.Context) error {
	r, err := c.images.ListImages(ctx, &cri.ListImagesRequest{})
	if err != nil {
		return err
	}
	return c.table("IMAGE\tIMAGE ID\tSIZE", func(w io.Writer) {
		for _, i := range r.Images {
			id := strings.TrimPrefix(i.Id, "sha256:")
			for _, tag := range i.RepoTags {
				fmt.Fprintf(w, "%s\t%.13s\t%.1fMB\n", tag, id, float64(i.Size)/1e6)
			}
		}
	})
}

func (c client) listPods(ctx context.Context) error {
	r, err := c.runtime.ListPodSandbox(ctx, &cri.ListPodSandboxRequest{})
	if err != nil {
		return err
	}
	return c.table("POD ID\tSTATE\tNAME\tNAMESPACE\tATTEMPT", func(w io.Writer) {
		for _, p := range r.Items {
			fmt.Fprintf(w, "%.13s\t%s\t%s\t%s\t%d\n", p.Id, p.State, p.Metadata.Name, p.Metadata.Namespace, p.Metadata.Attempt)
		}
	})
}

func (c client) listContainers(ctx context.Context, all bool) error {
	request := &cri.ListContainersRequest{}
	if !all {
		request.Filter = &cri.ContainerFilter{State: &cri.ContainerStateValue{State: cri.ContainerState_CONTAINER_RUNNING}}
	}
	r, err := c.runtime.ListContainers(ctx, request)
	if err != nil {
		return err
	}
	return c.table("CONTAINER\tSTATE\tNAME\tATTEMPT\tPOD", func(w io.Writer) {
		for _, k := range r.Containers {
			fmt.Fprintf(w, "%.13s\t%s\t%s\t%d\t%s\n", k.Id, k.State, k.Metadata.Name, k.Metadata.Attempt, k.Labels["io.kubernetes.pod.name"])
		}
	})
}
