# Reads mails with MIME-tools. README.md has the form of what it prints.

use strict;
use warnings;
use Encode qw(decode);
use JSON::PP;
use MIME::Base64 qw(encode_base64);
use MIME::Parser;

my $json = JSON::PP->new->canonical->ascii->allow_nonref;

while (my $path = <STDIN>) {
    chomp $path;
    my $mail = eval { read_mail($path) } // { error => "$@" };
    print $json->encode({ path => $path, %$mail }), "\n";
}

sub read_mail {
    my ($path) = @_;
    my $parser = MIME::Parser->new;
    $parser->output_to_core(1);
    $parser->tmp_to_core(1);
    # A message in a message is an attachment like others.
    $parser->extract_nested_messages(0);
    my $entity = $parser->parse_open($path);
    my @leaves = leaves($entity);
    my %headers;
    for my $tag ($entity->head->tags) {
        $headers{lc $tag} = [map { text_of($_) } $entity->head->get_all($tag)];
    }
    my @errors = $parser->results->errors;
    return {
        error => @errors ? join('; ', @errors) : undef,
        subject => text_of($entity->head->get('Subject')),
        message_id => text_of($entity->head->get('Message-ID')),
        headers => \%headers,
        structure => structure($entity),
        text => content(\@leaves, 'text/plain'),
        html => content(\@leaves, 'text/html'),
        attachments => [map { attachment($_) } grep { disposition($_) } @leaves],
    };
}

sub text_of {
    my ($value) = @_;
    return undef unless defined $value;
    chomp $value;
    $value =~ s/\r?\n//g;
    $value =~ s/^ //;
    # It gives octets.
    return decode('MIME-Header', decode('UTF-8', $value));
}

sub leaves {
    my ($entity) = @_;
    return $entity->is_multipart ? map { leaves($_) } $entity->parts : $entity;
}

sub structure {
    my ($entity) = @_;
    my $type = $entity->mime_type;
    return $type unless $entity->is_multipart;
    $type =~ s{^multipart/}{};
    return "$type(" . join(' ', map { structure($_) } $entity->parts) . ')';
}

sub disposition {
    my ($entity) = @_;
    return $entity->head->mime_attr('content-disposition');
}

sub octets {
    my ($entity) = @_;
    return $entity->bodyhandle ? $entity->bodyhandle->as_string : '';
}

sub content {
    my ($leaves, $type) = @_;
    for my $entity (@$leaves) {
        next if $entity->mime_type ne $type || disposition($entity);
        return decode($entity->head->mime_attr('content-type.charset'), octets($entity));
    }
    return undef;
}

sub attachment {
    my ($entity) = @_;
    my $cid = $entity->head->get('Content-ID');
    $cid =~ s/^\s*<|>\s*$//g if defined $cid;
    return {
        name => $entity->head->recommended_filename,
        type => $entity->mime_type,
        disposition => disposition($entity),
        cid => $cid,
        octets => encode_base64(octets($entity), ''),
    };
}
