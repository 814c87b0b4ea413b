# Signs or verifies mails with Mail::DKIM, which asks no name server:
#   signatures.pl sign METHOD DOMAIN SELECTOR KEY_FILE     lines of two paths on stdin: the mail, and where to put it
#   signatures.pl verify RECORD                            paths on stdin; for each the result

use strict;
use warnings;
use Mail::DKIM::DNS;
use Mail::DKIM::Signer;
use Mail::DKIM::Verifier;

my ($task, @arguments) = @ARGV;
{ sign => \&sign, verify => \&verify }->{$task}->(@arguments);

sub sign {
    my ($method, $domain, $selector, $key) = @_;
    while (my $line = <STDIN>) {
        chomp $line;
        my ($from, $to) = split /\t/, $line;
        my $signer = Mail::DKIM::Signer->new(
            Algorithm => 'rsa-sha256', Method => $method, Domain => $domain, Selector => $selector, KeyFile => $key,
        );
        my $mail = octets($from);
        $signer->PRINT($mail);
        $signer->CLOSE;
        open my $file, '>:raw', $to or die "$to: $!";
        print $file $signer->signature->as_string, "\r\n", $mail;
        close $file;
    }
}

sub verify {
    my ($record) = @_;
    no warnings 'redefine';
    # The one record there is, whatever is asked for.
    local *Mail::DKIM::PublicKey::fetch = sub { Mail::DKIM::PublicKey->parse($record) };
    local *Mail::DKIM::PublicKey::fetch_async = sub {
        my ($class, %options) = @_;
        my $key = Mail::DKIM::PublicKey->parse($record);
        return sub { $options{Callbacks}{Success}->($key) };
    };
    while (my $path = <STDIN>) {
        chomp $path;
        my $verifier = Mail::DKIM::Verifier->new;
        $verifier->PRINT(octets($path));
        $verifier->CLOSE;
        print $verifier->result, "\n";
    }
}

sub octets {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!";
    local $/;
    return scalar <$file>;
}
