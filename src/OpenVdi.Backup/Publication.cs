using OpenVdi.Backup.Media;

namespace OpenVdi.Backup;

/// <summary>Gives all media of a run their names, or none.</summary>
internal static class Publication
{
    /// <summary>Publishes. When one medium fails, those before it are withdrawn, and the names mean again what they meant.
    /// (A process killed between two renames leaves new and old files side by side: each is whole, and a restore tells
    /// that they belong to different backups.)</summary>
    public static MediumFailure? Publish(IReadOnlyList<Medium> media)
    {
        foreach (Medium medium in media)
        {
            // All data is durable before the first name changes: what can still fail then are names alone.
            if (medium.Flush() is { } failure)
            {
                return failure;
            }
        }

        for (int index = 0; index < media.Count; index++)
        {
            if (media[index].Publish() is { } failure)
            {
                return Withdraw(media, index, failure);
            }
        }

        return null;
    }

    // The failing one too: it may have its name already and have failed to make it durable.
    private static MediumFailure Withdraw(IReadOnlyList<Medium> media, int last, MediumFailure failure)
    {
        MediumFailure reported = failure;
        for (int index = last; index >= 0; index--)
        {
            if (media[index].Withdraw() is { } second)
            {
                reported = reported with
                {
                    Message = $"{reported.Message}; and {second.Message}",
                    Hint = $"remove {media[index].Name} by hand: it belongs to a backup that failed.",
                };
            }
        }

        return reported;
    }
}
