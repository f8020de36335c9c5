package slack

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/slack-go/slack"

	"trackwalker/reporters"
)

const (
	maxTries   = 3         // times that Slack may refuse the picture
	maxFailing = time.Hour // after which a picture that cannot be brought to Slack is given up
	maxPicture = 32 << 20  // bytes that are worth keeping in memory at once
)

// picture adds the failure's picture to a message that is told already. An error of its own does not touch the text: it
// only makes the caller call again, until the picture is given up: soon when Slack refuses it, late when Slack is in trouble.
func (r *Reporter) picture(ctx context.Context, n reporters.Notice, m *memory) error {
	err := r.show(ctx, n, m)
	if err == nil || ctx.Err() != nil {
		return err // being told to stop says nothing about the picture
	}
	m.fail(err, time.Now())
	err = r.explain("show the picture", err)
	if permanent := new(*reporters.Permanent); errors.As(err, permanent) {
		// The text arrived, so that the delivery as a whole is nothing that a person must mend.
		m.Picture = pictureGivenUp
		err = errors.New(err.Error())
	}
	return fmt.Errorf("the message is told, without its picture: %w", err)
}

// fail notes that the picture could not be shown, and gives it up when that is enough.
func (m *memory) fail(err error, now time.Time) {
	if unfit(err) {
		m.Tries++
	} else if m.Failing.IsZero() {
		m.Failing = now.UTC()
	}
	if m.Tries >= maxTries || !m.Failing.IsZero() && now.Sub(m.Failing) >= maxFailing {
		m.Picture = pictureGivenUp
	}
}

var (
	errUnreadable = errors.New("read the picture")              // it is not on the disk any more, or none
	errUnfinished = errors.New("slack was still processing it") // for as long as one call waits
)

// unfit reports whether an error is about this picture, and not about Slack or the way to it.
func unfit(err error) bool {
	if _, busy := patience(err); busy {
		return false
	}
	return errors.Is(err, errUnreadable) || errors.Is(err, errUnfinished) || code(err) != "" && !inTrouble(err)
}

func (r *Reporter) show(ctx context.Context, n reporters.Notice, m *memory) error {
	if m.File == "" {
		file, err := r.upload(ctx, n)
		if err != nil {
			return err
		}
		m.File = file
	}
	err := r.attach(ctx, n, m)
	if refused(err) && !notReady(err) || code(err) == "file_not_found" {
		m.File = "" // this one will never do
	}
	return err
}

// upload brings the picture to Slack, in no channel: the message shows it.
func (r *Reporter) upload(ctx context.Context, n reporters.Notice) (string, error) {
	data, err := n.Picture.Read(maxPicture)
	if err != nil {
		return "", fmt.Errorf("%w: %w", errUnreadable, err)
	}
	name := cmp.Or(reporters.Line(n.Picture.Name), "failure.png")
	to, err := r.api.GetUploadURLExternalContext(ctx, slack.GetUploadURLExternalParameters{
		FileName: name, FileSize: len(data), AltTxt: reporters.Compose(n).Alt,
	})
	if err != nil {
		return "", err
	}
	if to.UploadURL == "" || to.FileID == "" {
		return "", errNonsense
	}
	err = r.api.UploadToURL(ctx, slack.UploadToURLParameters{
		UploadURL: to.UploadURL, Reader: bytes.NewReader(data), Filename: name,
	})
	if err != nil {
		return "", err
	}
	_, err = r.api.CompleteUploadExternalContext(ctx, slack.CompleteUploadExternalParameters{
		Files: []slack.FileSummary{{ID: to.FileID, Title: name}},
	})
	return to.FileID, err
}

// attach puts the picture into the message as soon as Slack has processed it.
func (r *Reporter) attach(ctx context.Context, n reporters.Notice, m *memory) error {
	wait, cancel := context.WithTimeout(ctx, r.pictureWait)
	defer cancel()
	next := *m
	next.Picture = pictureShown
	msg := build(n)
	for pause := 200 * time.Millisecond; ; pause = min(2*pause, 3*time.Second) {
		ready, err := r.processed(ctx, m.File)
		if err != nil {
			return err
		}
		if ready {
			err := r.change(ctx, n, next,
				slack.MsgOptionText(escape(msg.Text), false), slack.MsgOptionBlocks(msg.blocks(m.File)...))
			if err == nil {
				*m = next
			}
			if !notReady(err) {
				return err
			}
		}
		select {
		case <-wait.Done():
			return cmp.Or(ctx.Err(), fmt.Errorf("%w after %s", errUnfinished, r.pictureWait))
		case <-time.After(pause):
		}
	}
}

// processed asks whether the picture can be shown. A token that may not ask (files:read) finds out by trying.
func (r *Reporter) processed(ctx context.Context, file string) (bool, error) {
	f, _, _, err := r.api.GetFileInfoContext(ctx, file, 0, 0)
	if blind(err) {
		return true, nil
	}
	if err != nil {
		return false, err
	}
	return f.Mimetype != "", nil
}
