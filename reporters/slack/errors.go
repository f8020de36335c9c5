package slack

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/slack-go/slack"

	"trackwalker/reporters"
)

const (
	shortPause   = 30 * time.Second // when Slack asks for patience and does not say how much
	longestPause = time.Hour        // whatever it says
)

// errNonsense is for an answer that says neither yes nor no: something that is not Slack stands in between.
var errNonsense = errors.New("the answer makes no sense")

// code is the word by which Slack refused, or "" for any other error.
func code(err error) string {
	if e, ok := errors.AsType[slack.SlackErrorResponse](err); ok {
		return e.Err
	}
	return ""
}

// refused: the blocks are wrong, so nothing was sent.
func refused(err error) bool {
	return slices.Contains([]string{"invalid_blocks", "invalid_blocks_format"}, code(err))
}

// gone: the message cannot be updated any more; a new one has to tell, or to find out that the channel is gone as well.
func gone(err error) bool {
	return slices.Contains([]string{
		"message_not_found", "cant_update_message", "edit_window_closed", "channel_not_found", "is_archived",
	}, code(err))
}

// threadless: the message was deleted, and its thread with it.
func threadless(err error) bool {
	return slices.Contains([]string{"thread_not_found", "message_not_found"}, code(err))
}

// blind: the token may not look into the channel. Whether it may post there shows when it does.
func blind(err error) bool {
	return slices.Contains([]string{
		"missing_scope", "not_in_channel", "channel_not_found", "no_permission", "access_denied", "not_allowed_token_type",
		"method_not_supported_for_channel_type", "is_archived",
	}, code(err))
}

// notReady: the picture is uploaded and still being processed.
func notReady(err error) bool {
	var e slack.SlackErrorResponse
	return refused(err) && errors.As(err, &e) && slices.ContainsFunc(e.ResponseMetadata.Messages, func(s string) bool {
		return strings.Contains(s, "invalid slack file")
	})
}

// inTrouble: Slack itself does not work as it should.
func inTrouble(err error) bool {
	return slices.Contains([]string{"internal_error", "fatal_error", "service_unavailable", "request_timeout"}, code(err))
}

// branches: the caller does something special about the error.
func branches(err error) bool {
	return errors.As(err, new(*reporters.RetryAfter)) || errors.As(err, new(*reporters.Permanent))
}

// explain gives an error that says what was tried and, where a person must act, what to do.
func (r *Reporter) explain(tried string, err error) error {
	err = bare(err)
	wrapped := fmt.Errorf("slack: %s: %w", tried, err)
	if after, ok := patience(err); ok {
		return &reporters.RetryAfter{After: after, Err: wrapped}
	}
	if cure := r.cure(err); cure != "" {
		return &reporters.Permanent{Err: fmt.Errorf("%w: %s", wrapped, cure)}
	}
	return wrapped
}

// bare takes the URL out of an error of package http: a webhook's is a secret.
func bare(err error) error {
	if e, ok := errors.AsType[*url.Error](err); ok {
		return e.Err
	}
	return err
}

// patience is how long to wait when Slack is asked too often.
func patience(err error) (time.Duration, bool) {
	var limited *slack.RateLimitedError
	var status slack.StatusCodeError
	switch {
	case errors.As(err, &limited):
		return min(max(limited.RetryAfter, time.Second), longestPause), true
	case errors.As(err, &status) && status.Code == http.StatusTooManyRequests,
		slices.Contains([]string{"ratelimited", "rate_limited", "message_limit_exceeded"}, code(err)):
		return shortPause, true
	}
	return 0, false
}

// cure is what a person has to do about a refusal, or "" when trying again may help.
func (r *Reporter) cure(err error) string {
	const install = "install the app again at api.slack.com/apps under OAuth & Permissions and use its new bot token (xoxb-…)"
	switch code(err) {
	case "invalid_auth", "not_authed":
		return "the token is none of Slack's; copy the bot token (xoxb-…) from api.slack.com/apps under OAuth & Permissions"
	case "token_revoked", "token_expired", "account_inactive", "team_access_not_granted", "org_login_required":
		return "the token is no longer valid; " + install
	case "not_allowed_token_type":
		return "the token is of the wrong kind; use the bot token (xoxb-…)"
	case "missing_scope", "no_permission":
		var e slack.SlackErrorResponse
		if errors.As(err, &e) && e.Needed != "" {
			return "the token lacks the scope " + e.Needed + "; add it under OAuth & Permissions and install the app again"
		}
		return "the token lacks a scope; add chat:write under OAuth & Permissions and install the app again"
	case "channel_not_found":
		return "there is no channel " + r.channel + " that the bot can see; check the name, and if it is private, invite the bot there: /invite @name"
	case "not_in_channel":
		return "invite the bot: /invite @name in " + r.channel
	case "is_archived":
		return "the channel " + r.channel + " is archived; unarchive it or name another one"
	case "access_denied", "ekm_access_denied", "user_is_restricted":
		return "the workspace does not let the bot write there; ask its administrators"
	}
	if strings.HasPrefix(code(err), "restricted_action") {
		return "the workspace lets only some people post in " + r.channel + "; ask its administrators to add the bot"
	}
	return ""
}
