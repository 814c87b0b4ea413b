# Reads mails with Email::MIME. README.md has the form of what it prints.

use strict;
use warnings;
use Email::MIME;
use JSON::PP;
use MIME::Base64 qw(encode_base64);

my $json = JSON::PP->new->canonical->ascii->allow_nonref;

while (my $path = <STDIN>) {
    chomp $path;
    my $mail = eval { read_mail($path) } // { error => "$@" };
    print $json->encode({ path => $path, %$mail }), "\n";
}

sub read_mail {
    my ($path) = @_;
    open my $file, '<:raw', $path or die "$path: $!";
    my $email = Email::MIME->new(do { local $/; <$file> });
    my @leaves = leaves($email);
    my %headers;
    for my $name ($email->header_names) {
        $headers{lc $name} = [$email->header_str($name)];
    }
    return {
        error => undef,
        subject => scalar $email->header_str('Subject'),
        from => mailboxes($email, 'From'),
        to => mailboxes($email, 'To'),
        cc => mailboxes($email, 'Cc'),
        reply_to => mailboxes($email, 'Reply-To'),
        message_id => scalar $email->header_str('Message-ID'),
        headers => \%headers,
        structure => structure($email),
        text => content(\@leaves, 'text/plain'),
        html => content(\@leaves, 'text/html'),
        attachments => [map { attachment($_) } grep { $_->header_raw('Content-Disposition') } @leaves],
    };
}

sub mailboxes {
    my ($email, $name) = @_;
    my $list = $email->header_as_obj($name);
    return [map { [$_->phrase // '', characters($_->address)] } $list ? $list->addresses : ()];
}

# It gives octets of an address.
sub characters {
    my ($octets) = @_;
    utf8::decode($octets);
    return $octets;
}

sub is_multipart {
    my ($part) = @_;
    return $part->content_type =~ m{^multipart/}i;
}

sub leaves {
    my ($part) = @_;
    return is_multipart($part) ? map { leaves($_) } $part->subparts : $part;
}

sub type_of {
    my ($part) = @_;
    my ($type) = $part->content_type =~ m{^([^;\s]+)};
    return lc $type;
}

sub structure {
    my ($part) = @_;
    my $type = type_of($part);
    return $type unless is_multipart($part);
    $type =~ s{^multipart/}{};
    return "$type(" . join(' ', map { structure($_) } $part->subparts) . ')';
}

sub content {
    my ($leaves, $type) = @_;
    for my $part (@$leaves) {
        next if type_of($part) ne $type || $part->header_raw('Content-Disposition');
        return $part->body_str;
    }
    return undef;
}

sub attachment {
    my ($part) = @_;
    my $cid = $part->header_raw('Content-ID');
    $cid =~ s/^\s*<|>\s*$//g if defined $cid;
    my ($disposition) = $part->header_raw('Content-Disposition') =~ m{^([^;\s]+)};
    return {
        name => $part->filename,
        type => type_of($part),
        disposition => lc $disposition,
        cid => $cid,
        octets => encode_base64($part->body, ''),
    };
}
