// One token for many calls, with golang.org/x/oauth2.

package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

// transport sends the token in X-Auth-Token as well.
type transport struct{}

func (transport) RoundTrip(request *http.Request) (*http.Response, error) {
	value := request.Header.Get("Authorization")
	if strings.HasPrefix(value, "Bearer ") {
		request = request.Clone(request.Context())
		request.Header.Set("X-Auth-Token", strings.TrimPrefix(value, "Bearer "))
	}
	return http.DefaultTransport.RoundTrip(request)
}

// newClient returns a client that renews its token, for all goroutines.
func newClient(issuer, clientID, secret string) *http.Client {
	config := clientcredentials.Config{
		ClientID:     clientID,
		ClientSecret: secret,
		TokenURL:     issuer + "/OS-OAUTH2/token",
		AuthStyle:    oauth2.AuthStyleInHeader,
	}
	base := &http.Client{Transport: transport{}, Timeout: 30 * time.Second}
	client := config.Client(context.WithValue(context.Background(), oauth2.HTTPClient, base))
	client.Timeout = 30 * time.Second
	client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}
	return client
}

// main runs: recipe_oauth2 ISSUER CLIENT_ID SECRET_FILE URL...
func main() {
	secret, err := os.ReadFile(os.Args[3])
	if err != nil {
		log.Fatal(err)
	}
	client := newClient(os.Args[1], os.Args[2], strings.TrimSpace(string(secret)))
	for _, url := range os.Args[4:] {
		answer, err := client.Get(url)
		if err != nil {
			log.Fatal(err)
		}
		answer.Body.Close()
		fmt.Println(answer.StatusCode)
	}
}
